import type { Bus, CallOptions } from "@ai-orchestra/bus";
import { OrchestraError, type CallContract } from "@ai-orchestra/contracts";
import {
  CircuitProber,
  createBulkhead,
  createCircuitBreaker,
  createRetryBudget,
  policy,
  ResilienceError,
  type CircuitBreaker,
  type Policy,
} from "@ai-orchestra/resilience";
import type { z } from "zod";
import type { Clock } from "../clock.js";
import type { Component } from "../component.js";
import type { BreakerReporter } from "../health/breaker-reporter.js";

export interface GuardedCallerOptions {
  /** Of the circuit, as health shows it. */
  name: string;
  bus: Bus;
  clock: Clock;
  breakers: BreakerReporter;
  /** A cheap call that shows that the dependency is back; made once a second while the circuit is open. */
  probe: (bus: Bus, signal: AbortSignal) => Promise<unknown>;
  /** Failures in a row that open the circuit. Default 3. */
  failures?: number;
  /** How long calls are refused without a probe that succeeds. Default 30 000 ms. */
  openForMs?: number;
}

const FAILURES = 3;
const OPEN_FOR_MS = 30_000;
const PROBE_EVERY_MS = 1_000;
/** Where the doubling ends for a circuit that opens again soon after a probe closed it. */
const MAX_PROBE_EVERY_MS = 4_000;
const MAX_CONCURRENT = 1_024;
const MAX_QUEUED = 1_024;
const QUEUE_TIMEOUT_MS = 250;
/** Nobody there is known at once, and somebody else may be a moment later. Slowness is not tried twice. */
const RETRY = { attempts: 2, baseDelayMs: 20, maxDelayMs: 100 };

/**
 * Calls one service through one policy: a retry within a budget where nobody answered, a breaker, a bulkhead; each call's
 * own time limit is its contract's. All calls must be safe to repeat. Has the same `call` as the bus.
 */
export class GuardedCaller implements Component, Pick<Bus, "call" | "status"> {
  readonly name: string;
  readonly #bus: Bus;
  readonly #breaker: CircuitBreaker;
  readonly #policy: Policy;
  readonly #prober: CircuitProber;

  constructor(options: GuardedCallerOptions) {
    const { name, bus, clock, breakers, probe, failures = FAILURES, openForMs = OPEN_FOR_MS } = options;
    this.name = `${name}-calls`;
    this.#bus = bus;
    this.#breaker = createCircuitBreaker({
      name,
      clock,
      trigger: { kind: "consecutive", failures },
      openForMs,
      isFailure: (error) => isFailure(error, bus),
    });
    this.#policy = policy({
      name,
      clock,
      retry: {
        ...RETRY,
        random: Math.random,
        budget: createRetryBudget({ clock }),
        shouldRetry: (error) => error instanceof OrchestraError && error.code === "unavailable",
      },
      breaker: this.#breaker,
      bulkhead: createBulkhead({
        name,
        clock,
        maxConcurrent: MAX_CONCURRENT,
        maxQueued: MAX_QUEUED,
        queueTimeoutMs: QUEUE_TIMEOUT_MS,
      }),
    });
    this.#prober = new CircuitProber({
      breaker: this.#breaker,
      clock,
      intervalMs: PROBE_EVERY_MS,
      maxIntervalMs: MAX_PROBE_EVERY_MS,
      probe: ({ signal }) => probe(bus, signal),
    });
    breakers.watch(this.#breaker);
  }

  start(): void {
    this.#prober.start();
  }

  stop(): Promise<void> {
    return this.#prober.stop();
  }

  get status(): Bus["status"] {
    return this.#bus.status;
  }

  /** See `Bus.call`; rejects at once with `unavailable` while the circuit is open, with `overloaded` at the bound. */
  async call<Request extends z.ZodType, Response extends z.ZodType>(
    contract: CallContract<Request, Response>,
    request: z.input<Request>,
    options?: CallOptions,
  ): Promise<z.output<Response>> {
    try {
      return await this.#policy.execute(() => this.#bus.call(contract, request, options));
    } catch (error) {
      throw toOrchestraError(error);
    }
  }
}

/** What a policy refused, as clients know it. A probed circuit closes early, so that its whole time is not asked for. */
export function toOrchestraError(error: unknown): unknown {
  if (!(error instanceof ResilienceError)) return error;
  const options = { retryAfterMs: Math.min(error.retryAfterMs ?? PROBE_EVERY_MS, PROBE_EVERY_MS), cause: error };
  if (error.code === "queue_full" || error.code === "queue_timeout") {
    return new OrchestraError("overloaded", `too many calls wait for ${error.policy}`, options);
  }
  return new OrchestraError("unavailable", `${error.policy} failed too often and is given a pause`, options);
}

/** The bus being away is not the dependency's fault, and fails at once as it is. */
function isFailure(error: unknown, bus: Bus): boolean | undefined {
  if (bus.status !== "connected") return undefined;
  if (!(error instanceof OrchestraError)) return true;
  switch (error.code) {
    case "unavailable":
    case "timeout":
    case "internal":
      return true;
    case "cancelled":
    case "overloaded":
      return undefined;
    default:
      return false;
  }
}
