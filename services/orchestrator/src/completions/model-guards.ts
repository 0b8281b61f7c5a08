import { OrchestraError } from "@ai-orchestra/contracts";
import {
  type CallPermit,
  type CircuitBreaker,
  CircuitProber,
  createCircuitBreaker,
  createRetryBudget,
  ResilienceError,
  type RetryBudget,
} from "@ai-orchestra/resilience";
import type { BreakerReporter, Clock, Component } from "@ai-orchestra/service-kit";
import type { ModelCatalog } from "../models/model-catalog.js";
import type { ResolvedModel } from "../models/resolved-model.js";
import { UpstreamStatus } from "../providers/upstream-error.js";
import { probeModel } from "./model-probe.js";

export interface ModelGuardsOptions {
  clock: Clock;
  catalog: Pick<ModelCatalog, "resolve"> & Partial<Pick<ModelCatalog, "list">>;
  /** Hears of every circuit. */
  breakers?: Pick<BreakerReporter, "watch"> | undefined;
  /** How long after a circuit opened, and after each probe, the model is probed; 0: by traffic only. Default 0. */
  probeIntervalMs?: number | undefined;
  /** Told of every change between usable and not. */
  onCircuitChange?: ((model: string, isClosed: boolean) => void) | undefined;
}

/** What protects one model at one endpoint, over all completions of this process. */
export interface ModelGuard {
  readonly model: ResolvedModel;
  readonly circuit: CircuitBreaker;
  readonly retryBudget: RetryBudget;
  readonly prober: CircuitProber | undefined;
  readonly unwatch: () => void;
  /** When it was asked for last, on the clock's monotonic scale. */
  usedAtMs: number;
}

/** Guards kept at once; past it the one that was made first is forgotten. */
const MAX_GUARDS = 1_000;

const WINDOW_MS = 30_000;
const MINIMUM_CALLS = 5;
const FAILURE_RATE = 0.5;
const OPEN_FOR_MS = 10_000;
/** On top of a probe's own time for its first token. */
const PROBE_MARGIN_MS = 1_000;
const MAX_PROBE_MS = 10_000;

/** A model that was used before this long says nothing about its provider now. */
const RECENT_MS = 60_000;
/** The built-in offline model: never a silent fallback, so that it only counts where it is the only one. */
const BUILTIN_PROVIDER = "orchestra";
/** Where the doubling of the pause between probes ends; it doubles while circuits open again soon after a probe. */
const MAX_PROBE_INTERVAL_FACTOR = 4;

/**
 * Circuit breakers and retry budgets, one of each per model and endpoint, made on first use. Open circuits are probed
 * whether there is traffic or not. Says which providers can be used, as far as their models were.
 */
export class ModelGuards implements Component {
  readonly name = "model-guards";
  readonly #options: ModelGuardsOptions;
  readonly #guards = new Map<string, ModelGuard>();

  constructor(options: ModelGuardsOptions) {
    this.#options = options;
  }

  guardOf(model: ResolvedModel): ModelGuard {
    const key = `${model.id} ${model.endpoint}`;
    const known = this.#guards.get(key);
    if (known !== undefined) {
      known.usedAtMs = this.#options.clock.monotonicMs();
      return known;
    }
    const [oldest] = this.#guards.keys();
    if (oldest !== undefined && this.#guards.size >= MAX_GUARDS) this.#forget(oldest);
    const guard = this.#create(model, key);
    this.#guards.set(key, guard);
    return guard;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#guards.values()].map(({ prober }) => prober?.stop() ?? Promise.resolve()));
  }

  /** Each configured provider; `down` when the circuit of every model of it that was used lately is not closed. */
  dependencies(): Record<string, "up" | "down"> {
    const names = new Set((this.#options.catalog.list?.() ?? []).map(({ provider }) => provider));
    if (names.size > 1) names.delete(BUILTIN_PROVIDER);
    const sinceMs = this.#options.clock.monotonicMs() - RECENT_MS;
    const guards = [...this.#guards.values()].filter(
      ({ circuit, usedAtMs }) => usedAtMs > sinceMs || circuit.state.kind !== "closed",
    );
    return Object.fromEntries(
      [...names].map((name) => {
        const used = guards.filter(({ model }) => model.provider === name);
        const isDown = used.length > 0 && used.every(({ circuit }) => circuit.state.kind !== "closed");
        return [`provider:${name}`, isDown ? "down" : "up"];
      }),
    );
  }

  #forget(key: string): void {
    const guard = this.#guards.get(key);
    this.#guards.delete(key);
    guard?.unwatch();
    // Nobody waits for a probe of a model that is gone.
    guard?.prober?.stop().catch(() => undefined);
  }

  #create(model: ResolvedModel, key: string): ModelGuard {
    const { breakers, clock, onCircuitChange, probeIntervalMs = 0 } = this.#options;
    const probeMs = model.timeouts.firstTokenMs + PROBE_MARGIN_MS;
    const circuit = createCircuitBreaker({
      name: `model ${model.id}`,
      clock,
      trigger: {
        kind: "time-window",
        windowMs: WINDOW_MS,
        minimumCalls: MINIMUM_CALLS,
        failureRate: FAILURE_RATE,
      },
      openForMs: OPEN_FOR_MS,
      halfOpen: { probes: 1, deadlineMs: probeMs },
      isFailure: isUpstreamFailure,
      onStateChange: ({ to }) => onCircuitChange?.(model.id, to.kind === "closed"),
    });
    const prober =
      probeIntervalMs === 0
        ? undefined
        : new CircuitProber({
            breaker: circuit,
            clock,
            intervalMs: probeIntervalMs,
            maxIntervalMs: probeIntervalMs * MAX_PROBE_INTERVAL_FACTOR,
            timeoutMs: Math.min(probeMs, MAX_PROBE_MS),
            probe: ({ signal }) => this.#probe(key, signal),
          });
    prober?.start();
    const unwatch = breakers?.watch(circuit) ?? (() => undefined);
    return {
      model,
      circuit,
      retryBudget: createRetryBudget({ clock }),
      prober,
      unwatch,
      usedAtMs: clock.monotonicMs(),
    };
  }

  /** The models file may have changed: a model that is not there any more, or elsewhere now, needs no guard. */
  async #probe(key: string, signal: AbortSignal): Promise<void> {
    const known = this.#guards.get(key)?.model;
    const model = known === undefined ? undefined : this.#findAgain(known);
    if (model === undefined) {
      this.#forget(key);
      throw new OrchestraError("not_found", "the model is not configured any more");
    }
    await probeModel(model, signal);
  }

  #findAgain({ id, endpoint }: ResolvedModel): ResolvedModel | undefined {
    try {
      const model = this.#options.catalog.resolve(id, "auto");
      return model.endpoint === endpoint ? model : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A permit for one try. Throws `provider_unavailable`, caused by a `ResilienceError`, while the circuit is open. */
export function acquirePermit({ circuit }: ModelGuard): CallPermit {
  try {
    return circuit.acquire();
  } catch (cause) {
    if (!(cause instanceof ResilienceError)) throw cause;
    const { retryAfterMs } = cause;
    throw new OrchestraError("provider_unavailable", "the model failed too often and is given a pause", {
      retryAfterMs,
      cause,
    });
  }
}

/** Whose fault an error is; `undefined`: it says nothing about the upstream's health. */
function isUpstreamFailure(error: unknown): boolean | undefined {
  if (!(error instanceof OrchestraError)) return undefined;
  switch (error.code) {
    case "timeout":
      return true;
    case "provider_unavailable":
      // Being limited, or out of quota, is not being ill.
      return error.cause instanceof UpstreamStatus && error.cause.status < 500 ? undefined : true;
    case "provider_error":
      // A refusal of this request (a 400) is an answer; breaking off in the middle is not.
      return error.retryable;
    default:
      return undefined;
  }
}
