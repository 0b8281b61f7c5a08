import type { Bus } from "@ai-orchestra/bus";
import { OrchestraError, subjects, type BreakerState } from "@ai-orchestra/contracts";
import type { Logger, Metrics } from "@ai-orchestra/telemetry";
import type { Clock } from "../clock.js";
import type { Component } from "../component.js";

/** What of a circuit breaker is looked at; those of the resilience package fit. */
export interface ReportedBreaker {
  readonly name: string;
  readonly state: { readonly kind: BreakerState };
  onStateChange(
    listener: (change: { from: { kind: BreakerState }; to: { kind: BreakerState }; error?: unknown }) => void,
  ): () => void;
}

export interface BreakerReporterOptions {
  bus: Pick<Bus, "publish" | "status">;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  service: string;
  instance: string;
}

/** Circuits that one heartbeat names; with more open than this the rest is told in events only. */
const MAX_OPEN = 100;

/**
 * Tells the mesh about the circuits of this process: every change as an event, and those that are not closed in each
 * heartbeat, so that whoever missed the event learns it within a second.
 */
export class BreakerReporter implements Component {
  readonly name = "breaker-reporter";
  readonly #options: BreakerReporterOptions;
  readonly #open = new Map<string, BreakerState>();
  readonly #countChange: (breaker: string, to: BreakerState) => void;

  constructor(options: BreakerReporterOptions) {
    this.#options = options;
    const changes = options.metrics.counter({
      name: "breaker_changes_total",
      help: "Changes of circuit breakers, by the state they went to.",
      labelNames: ["breaker", "to"],
    });
    this.#countChange = (breaker, to) => changes.inc({ breaker, to });
  }

  /** Follows a breaker until the returned function is called. */
  watch(breaker: ReportedBreaker): () => void {
    const unfollow = breaker.onStateChange(({ from, to, error }) => {
      this.#note(breaker.name, to.kind);
      this.#countChange(breaker.name, to.kind);
      this.#tell(breaker.name, from.kind, to.kind, error);
    });
    this.#note(breaker.name, breaker.state.kind);
    return () => {
      unfollow();
      this.#open.delete(breaker.name);
    };
  }

  /** Circuits that are not closed. */
  breakers(): Record<string, BreakerState> {
    return Object.fromEntries(this.#open);
  }

  #note(name: string, state: BreakerState): void {
    if (state === "closed") this.#open.delete(name);
    else if (this.#open.has(name) || this.#open.size < MAX_OPEN) this.#open.set(name, state);
  }

  #tell(breaker: string, from: BreakerState, to: BreakerState, error: unknown): void {
    const { bus, clock, logger, service, instance } = this.#options;
    const code = error instanceof OrchestraError ? error.code : undefined;
    logger.warn({ breaker, from, to, code }, "a circuit changed its state");
    if (bus.status !== "connected") return;
    const change = { service, instance, breaker, from, to, at: clock.now(), ...(code === undefined ? {} : { code }) };
    try {
      bus.publish(subjects.breakerChange(service, instance), change);
    } catch (err) {
      logger.debug({ err, breaker }, "the change was not published; the next heartbeat tells it");
    }
  }
}
