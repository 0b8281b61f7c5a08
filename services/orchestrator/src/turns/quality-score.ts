export interface DeliveryFacts {
  /** Another model than the one asked for answered. */
  fellBack: boolean;
  /** The turn ran without its history or below the normal level. */
  degraded: boolean;
  cached: boolean;
  /** The answer ended at a length limit. */
  cutOff: boolean;
}

/** How well a turn was delivered, from 0 to 1: the protocol's delivery score, not an opinion on the text. */
export function computeQualityScore(facts: DeliveryFacts): number {
  const tenths =
    10 - (facts.fellBack ? 2 : 0) - (facts.degraded ? 2 : 0) - (facts.cached ? 1 : 0) - (facts.cutOff ? 3 : 0);
  return tenths / 10;
}
