import { requireAtLeast } from "../require-option.js";
import { ResilienceError } from "../resilience-error.js";

/** From `from` on some calls are shed, from `to` on all; in between the chance grows in a straight line. */
export interface SheddingRange {
  from: number;
  to: number;
}

export interface LoadShedderOptions<Priority extends string> {
  name: string;
  /** The load now, 1 meaning full: the utilisation of a bulkhead, the fill of a queue, the lag of the event loop. */
  readLoad: () => number;
  ranges: Readonly<Record<Priority, SheddingRange>>;
  /** A number from 0 up to 1, as `Math.random` gives. */
  random: () => number;
  /** What refused callers are told. Default 1000 ms. */
  retryAfterMs?: number | undefined;
}

export interface LoadShedder<Priority extends string> {
  /** Whether a call of this priority is to be refused now. */
  shouldShed(priority: Priority): boolean;
  /** Throws `load_shed` when a call of this priority is to be refused. */
  admit(priority: Priority): void;
}

/**
 * Gives up the least important calls first, before a queue makes every call late. The chance grows with the load instead
 * of jumping, so that shedding does not swing between nothing and everything.
 */
export function createLoadShedder<Priority extends string>(
  options: LoadShedderOptions<Priority>,
): LoadShedder<Priority> {
  const { name, readLoad, ranges, random } = options;
  const retryAfterMs = options.retryAfterMs ?? 1000;
  for (const [priority, { from, to }] of Object.entries<SheddingRange>(ranges)) {
    requireAtLeast(`ranges.${priority}.to`, to, requireAtLeast(`ranges.${priority}.from`, from));
  }

  function shouldShed(priority: Priority): boolean {
    const { from, to } = ranges[priority];
    const load = readLoad();
    if (load < from) return false;
    if (load >= to) return true;
    return random() < (load - from) / (to - from);
  }

  return {
    shouldShed,
    admit(priority) {
      if (!shouldShed(priority)) return;
      throw new ResilienceError("load_shed", name, `${name} sheds calls of priority ${priority}`, { retryAfterMs });
    },
  };
}
