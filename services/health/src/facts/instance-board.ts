import type { Heartbeat } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";

/** `lost`: its heartbeats stopped without a goodbye. */
export type InstanceState = Heartbeat["state"] | "lost";

/** One instance as its heartbeats show it. */
export interface SeenInstance {
  readonly beat: Heartbeat;
  readonly state: InstanceState;
  /** Epoch milliseconds of the last heartbeat. */
  readonly seenAt: number;
}

export interface InstanceBoardOptions {
  clock: Clock;
  /** The name of this health instance. */
  self: string;
  lostAfterMs: number;
}

/** Instances kept at most; the one not heard of for longest goes first. */
const MAX_INSTANCES = 1_000;
/** A lost instance is held against its service for this long: until then it may be restarted under its name. */
const FORGET_AFTER_MS = 20_000;

interface Sighting {
  readonly beat: Heartbeat;
  readonly seenAt: number;
  readonly seenAtMs: number;
}

/** How far apart this instance's own heartbeats may be while it can hear. */
const OWN_BEAT_WITHIN_MS = 1_500;

/**
 * Who is there, as far as heartbeats tell. It only listens. While it does not even hear its own heartbeat, the bus or
 * this process is at fault and not everybody else: time stands still then, and nobody is lost for it.
 */
export class InstanceBoard {
  readonly #options: InstanceBoardOptions;
  readonly #sightings = new Map<string, Sighting>();
  readonly #servicesSeen = new Set<string>();

  constructor(options: InstanceBoardOptions) {
    this.#options = options;
  }

  note(beat: Heartbeat): void {
    const { clock } = this.#options;
    const key = `${beat.service}.${beat.instance}`;
    // Deleted first, so that the map stays in the order of the last heartbeat.
    this.#sightings.delete(key);
    this.#sightings.set(key, { beat, seenAt: clock.now(), seenAtMs: clock.monotonicMs() });
    if (this.#servicesSeen.size < MAX_INSTANCES) this.#servicesSeen.add(beat.service);
    const [stalest] = this.#sightings.keys();
    if (this.#sightings.size > MAX_INSTANCES && stalest !== undefined) this.#sightings.delete(stalest);
  }

  /** Whether the service was ever heard of. */
  wasSeen(service: string): boolean {
    return this.#servicesSeen.has(service);
  }

  /** Every instance that is there or was until lately. */
  list(): SeenInstance[] {
    const nowMs = this.#hearingUntilMs();
    const seen: SeenInstance[] = [];
    for (const [key, { beat, seenAt, seenAtMs }] of this.#sightings) {
      const ageMs = nowMs - seenAtMs;
      const isLost = ageMs > this.#options.lostAfterMs;
      // Who drained said goodbye: being silent afterwards is what it announced.
      if (ageMs > FORGET_AFTER_MS || (isLost && beat.state === "draining")) this.#sightings.delete(key);
      else seen.push({ beat, seenAt, state: isLost ? "lost" : beat.state });
    }
    return seen;
  }

  #hearingUntilMs(): number {
    const nowMs = this.#options.clock.monotonicMs();
    const own = this.#sightings.get(`health.${this.#options.self}`);
    return own === undefined ? nowMs : Math.min(nowMs, own.seenAtMs + OWN_BEAT_WITHIN_MS);
  }
}
