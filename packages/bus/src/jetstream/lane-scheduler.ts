/** What the scheduler knows about a lane. */
export interface LaneDemand {
  readonly weight: number;
  /** Messages asked for and not delivered yet. */
  readonly outstanding: number;
  /** Messages that are known to wait. */
  readonly waiting: number;
  /** Nothing is asked of this lane now. */
  readonly blocked: boolean;
  /** Was found empty a moment ago: nothing is asked of it as long as other lanes have messages waiting. */
  readonly resting: boolean;
}

/**
 * Shares free slots between lanes. Each lane should have one pull outstanding, so that a message that arrives is
 * delivered at once, and as many as messages are known to wait. Where there are not slots enough, lanes take turns by
 * smooth weighted round-robin (the algorithm of nginx), so that 6:3:1 gives a run of `h n h h n h l h n h`, not blocks.
 */
export class LaneScheduler {
  readonly #credit: number[];

  constructor(laneCount: number) {
    this.#credit = Array.from({ length: laneCount }, () => 0);
  }

  /** How many messages to ask of each lane, in the order of `lanes`; the sum is at most `freeSlots`. */
  allot(lanes: readonly LaneDemand[], freeSlots: number): number[] {
    const allotted = lanes.map(() => 0);
    for (let slot = 0; slot < freeSlots; slot += 1) {
      const index = this.#next(lanes, allotted);
      if (index < 0) break;
      allotted[index] = (allotted[index] ?? 0) + 1;
    }
    return allotted;
  }

  #next(lanes: readonly LaneDemand[], allotted: readonly number[]): number {
    let best = -1;
    let bestCredit = Number.NEGATIVE_INFINITY;
    let totalWeight = 0;
    const contended = lanes.some((lane, index) => hasUnmetDemand(lane, allotted[index] ?? 0));
    for (const [index, lane] of lanes.entries()) {
      if (lane.blocked || (contended && lane.resting)) continue;
      if (lane.outstanding + (allotted[index] ?? 0) >= Math.max(1, lane.waiting)) continue;
      totalWeight += lane.weight;
      const credit = (this.#credit[index] ?? 0) + lane.weight;
      this.#credit[index] = credit;
      if (credit > bestCredit) {
        best = index;
        bestCredit = credit;
      }
    }
    if (best >= 0) this.#credit[best] = bestCredit - totalWeight;
    return best;
  }
}

/** Whether messages are known to wait that nobody was asked for yet. */
export function hasUnmetDemand(lane: LaneDemand, allotted = 0): boolean {
  return !lane.blocked && lane.waiting > lane.outstanding + allotted;
}
