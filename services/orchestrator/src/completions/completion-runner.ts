import { OrchestraError } from "@ai-orchestra/contracts";
import { createDeadline, ResilienceError, retry, type RetryOptions } from "@ai-orchestra/resilience";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { ModelCatalog } from "../models/model-catalog.js";
import type { ResolvedModel } from "../models/resolved-model.js";
import { toAbortError } from "../providers/abort-error.js";
import type { ProviderEvent } from "../providers/chat-provider.js";
import type { CompletionMetrics } from "./completion-metrics.js";
import type { CompletionEvent, CompletionOptions, CompletionRequest } from "./completion-request.js";
import { CompletionTry } from "./completion-try.js";
import { FREE_PERMIT } from "./free-permit.js";
import { acquirePermit, type ModelGuards } from "./model-guards.js";

export interface CompletionRunner {
  /**
   * Streams one completion. Before the first token it tries again at the same model (a few times, within the model's
   * retry budget) and then at the model's `fallbacks`; after it, nothing is repeated. Ends with `finish` or throws the
   * `OrchestraError` of the last model that was tried: `not_found`, `provider_error`, `provider_unavailable`,
   * `overloaded`, `timeout` or `cancelled`.
   */
  run(request: CompletionRequest, options: CompletionOptions): AsyncIterable<CompletionEvent>;
}

export interface CompletionRunnerOptions {
  catalog: Pick<ModelCatalog, "resolve">;
  guards: ModelGuards;
  clock: Clock;
  logger: Logger;
  metrics: CompletionMetrics;
  /** By how much models may take longer at the degradation level in force. Default: not at all. */
  readTimeoutFactor?: () => number;
  /** Whether breakers have no say. Default: they have. */
  areBreakersOff?: () => boolean;
  /** A number from 0 up to 1, for the jitter of retries. Default `Math.random`. */
  random?: () => number;
}

const TRIES_PER_MODEL = 3;
const RETRY_BASE_DELAY_MS = 250;
const RETRY_MAX_DELAY_MS = 2_000;
/** A provider that wants a longer pause is left for the next model at once. */
const MAX_RETRY_AFTER_MS = 5_000;

interface BegunTry {
  attempt: CompletionTry;
  first: ProviderEvent;
}

export function createCompletionRunner(options: CompletionRunnerOptions): CompletionRunner {
  const { catalog, clock, guards, logger, metrics, random = Math.random, readTimeoutFactor = () => 1 } = options;
  const { areBreakersOff = () => false } = options;

  async function* run(request: CompletionRequest, turn: CompletionOptions): AsyncGenerator<CompletionEvent> {
    const candidates = listCandidates(request);
    let begun: BegunTry | undefined;
    for (const [position, model] of candidates.entries()) {
      try {
        begun = await beginAt(model, request, turn);
        break;
      } catch (thrown) {
        const error = turn.signal.aborted ? toAbortError(turn.signal) : OrchestraError.from(thrown);
        const next = candidates[position + 1];
        if (next === undefined || isTurnOver(turn)) throw error;
        logger.warn({ err: error, model: model.id, next: next.id }, "model failed before its answer, trying the next");
        metrics.countFallback(model.id, next.id);
        yield { type: "fallback", from: model.id, to: next.id, code: error.code };
      }
    }
    if (begun === undefined) return;
    const { attempt } = begun;
    try {
      yield { type: "model", model: attempt.model.id };
      let event = begun.first;
      yield event;
      while (event.type !== "finish") {
        event = await attempt.next();
        yield event;
      }
    } finally {
      await attempt.leave();
    }
  }

  /** The model and then its fallbacks, each once; a fallback that is gone from the models file is passed over. */
  function listCandidates({ model: name, mode }: CompletionRequest): ResolvedModel[] {
    const model = catalog.resolve(name, mode);
    const candidates = new Map([[model.id, model]]);
    for (const fallback of model.fallbacks) {
      try {
        const resolved = catalog.resolve(fallback, mode);
        candidates.set(resolved.id, resolved);
      } catch (err) {
        logger.warn({ err, model: model.id, fallback }, "a fallback cannot be used");
      }
    }
    return [...candidates.values()];
  }

  /** Gets a model to its first event, trying again where that may help. */
  function beginAt(model: ResolvedModel, request: CompletionRequest, turn: CompletionOptions): Promise<BegunTry> {
    const guard = guards.guardOf(model);
    const tryOnce = async (): Promise<BegunTry> => {
      if (turn.signal.aborted) throw toAbortError(turn.signal);
      const permit = areBreakersOff() ? FREE_PERMIT : acquirePermit(guard);
      const attempt = new CompletionTry({
        model,
        request,
        options: turn,
        permit,
        clock,
        metrics,
        timeoutFactor: readTimeoutFactor(),
      });
      return { attempt, first: await attempt.begin() };
    };
    const policy: RetryOptions = {
      clock,
      attempts: TRIES_PER_MODEL,
      baseDelayMs: RETRY_BASE_DELAY_MS,
      maxDelayMs: RETRY_MAX_DELAY_MS,
      maxRetryAfterMs: MAX_RETRY_AFTER_MS,
      random,
      budget: guard.retryBudget,
      deadline: createDeadline(turn.deadlineAt - clock.now(), clock),
      shouldRetry: isWorthRetrying,
      onRetry: () => metrics.countRetry(model.id),
    };
    return retry(tryOnce, policy, { signal: turn.signal });
  }

  function isTurnOver({ signal, deadlineAt }: CompletionOptions): boolean {
    return signal.aborted || clock.now() >= deadlineAt;
  }

  return { run };
}

/** Not after a limit of time, which would double the wait, nor while the breaker refuses. */
function isWorthRetrying(error: unknown): boolean {
  return (
    error instanceof OrchestraError &&
    error.retryable &&
    error.code !== "timeout" &&
    !(error.cause instanceof ResilienceError)
  );
}
