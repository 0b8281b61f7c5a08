import type { Bus, BusSubscription } from "@ai-orchestra/bus";
import { heartbeatSchema, subjects, type Heartbeat } from "@ai-orchestra/contracts";

/** One instance as it was last heard of. */
export interface InstanceSighting {
  readonly beat: Heartbeat;
  /** Epoch ms. */
  readonly seenAt: number;
}

/** Instances kept at most; the one not heard of for longest goes first. */
const MAX_INSTANCES = 1_000;
/** After this long without a heartbeat an instance is forgotten. */
const FORGET_AFTER_MS = 60_000;

/** What the heartbeats of all services say. It only listens: nobody is ever asked how they are. */
export class HeartbeatBoard {
  readonly name = "heartbeat-board";
  readonly #bus: Bus;
  readonly #now: () => number;
  readonly #sightings = new Map<string, InstanceSighting>();
  #subscription: BusSubscription | undefined;

  constructor({ bus, now }: { bus: Bus; now: () => number }) {
    this.#bus = bus;
    this.#now = now;
  }

  start(): void {
    this.#subscription ??= this.#bus.subscribe(subjects.allHeartbeats, (message) => {
      const beat = heartbeatSchema.safeParse(message.json());
      if (beat.success) this.#note(beat.data);
    });
  }

  stop(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }

  /** Every instance heard of within the last minute. */
  list(): InstanceSighting[] {
    const now = this.#now();
    for (const [instance, { seenAt }] of this.#sightings) {
      if (now - seenAt > FORGET_AFTER_MS) this.#sightings.delete(instance);
    }
    return [...this.#sightings.values()];
  }

  #note(beat: Heartbeat): void {
    const key = `${beat.service}.${beat.instance}`;
    // Deleted first, so that the map stays in the order of the last heartbeat.
    this.#sightings.delete(key);
    this.#sightings.set(key, { beat, seenAt: this.#now() });
    if (this.#sightings.size <= MAX_INSTANCES) return;
    for (const stalest of this.#sightings.keys()) {
      this.#sightings.delete(stalest);
      return;
    }
  }
}
