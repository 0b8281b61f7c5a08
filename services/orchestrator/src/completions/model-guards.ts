import { OrchestraError } from "@ai-orchestra/contracts";
import {
  type CallPermit,
  type CircuitBreaker,
  createCircuitBreaker,
  createRetryBudget,
  ResilienceError,
  type RetryBudget,
} from "@ai-orchestra/resilience";
import type { Clock } from "@ai-orchestra/service-kit";
import type { ResolvedModel } from "../models/resolved-model.js";
import { UpstreamStatus } from "../providers/upstream-error.js";

export interface ModelGuardsOptions {
  clock: Clock;
  /** Told of every change between usable and not. */
  onCircuitChange: (model: string, isClosed: boolean) => void;
}

/** What protects one model at one endpoint, over all completions of this process. */
export interface ModelGuard {
  circuit: CircuitBreaker;
  retryBudget: RetryBudget;
}

/** Guards kept at once; past it the one that was made first is forgotten. */
const MAX_GUARDS = 1_000;

const WINDOW_MS = 30_000;
const MINIMUM_CALLS = 5;
const FAILURE_RATE = 0.5;
const OPEN_FOR_MS = 10_000;
/** On top of a probe's own time for its first token. */
const PROBE_MARGIN_MS = 1_000;

/** Circuit breakers and retry budgets, one of each per model and endpoint, made on first use. */
export class ModelGuards {
  readonly #options: ModelGuardsOptions;
  readonly #guards = new Map<string, ModelGuard>();

  constructor(options: ModelGuardsOptions) {
    this.#options = options;
  }

  guardOf(model: ResolvedModel): ModelGuard {
    const key = `${model.id} ${model.endpoint}`;
    const known = this.#guards.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#guards.keys();
    if (oldest !== undefined && this.#guards.size >= MAX_GUARDS) this.#guards.delete(oldest);
    const guard = this.#create(model);
    this.#guards.set(key, guard);
    return guard;
  }

  #create(model: ResolvedModel): ModelGuard {
    const { clock, onCircuitChange } = this.#options;
    return {
      circuit: createCircuitBreaker({
        name: model.id,
        clock,
        trigger: {
          kind: "time-window",
          windowMs: WINDOW_MS,
          minimumCalls: MINIMUM_CALLS,
          failureRate: FAILURE_RATE,
        },
        openForMs: OPEN_FOR_MS,
        halfOpen: { probes: 1, deadlineMs: model.timeouts.firstTokenMs + PROBE_MARGIN_MS },
        isFailure: isUpstreamFailure,
        onStateChange: ({ to }) => onCircuitChange(model.id, to.kind === "closed"),
      }),
      retryBudget: createRetryBudget({ clock }),
    };
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
