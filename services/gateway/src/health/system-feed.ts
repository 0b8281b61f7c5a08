import type { Bus, BusSubscription } from "@ai-orchestra/bus";
import {
  breakerChangeSchema,
  healthOverviewSchema,
  subjects,
  type BreakerChange,
  type HealthOverview,
} from "@ai-orchestra/contracts";
import type { Clock, Component } from "@ai-orchestra/service-kit";

/** An overview that is older than this says nothing about now. */
const OVERVIEW_FRESH_MS = 15_000;

/** What the health service and the circuits of all services tell. It only listens: nobody is ever asked. */
export class SystemFeed implements Component {
  readonly name = "system-feed";
  readonly #bus: Pick<Bus, "subscribe">;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #listeners = new Set<(change: BreakerChange) => void>();
  #overview: { value: HealthOverview; heardAtMs: number } | undefined;
  #subscriptions: BusSubscription[] = [];

  constructor({ bus, clock }: { bus: Pick<Bus, "subscribe">; clock: Pick<Clock, "monotonicMs"> }) {
    this.#bus = bus;
    this.#clock = clock;
  }

  start(): void {
    if (this.#subscriptions.length > 0) return;
    this.#subscriptions = [
      this.#bus.subscribe(subjects.healthOverview, (message) => {
        const overview = healthOverviewSchema.safeParse(message.json());
        if (overview.success) this.#overview = { value: overview.data, heardAtMs: this.#clock.monotonicMs() };
      }),
      this.#bus.subscribe(subjects.allBreakerChanges, (message) => {
        const change = breakerChangeSchema.safeParse(message.json());
        if (!change.success) return;
        for (const listener of this.#listeners) listener(change.data);
      }),
    ];
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#subscriptions = [];
  }

  /** The last overview; undefined when the health service has been silent for long. */
  get overview(): HealthOverview | undefined {
    const last = this.#overview;
    if (last === undefined || this.#clock.monotonicMs() - last.heardAtMs > OVERVIEW_FRESH_MS) return undefined;
    return last.value;
  }

  /** Calls `listener` for every change of a circuit anywhere until the returned function is called. */
  onBreakerChange(listener: (change: BreakerChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
