import { OrchestraError } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { ModelTimeouts, ResolvedModel } from "../models/resolved-model.js";
import type { ProviderEvent } from "../providers/chat-provider.js";
import type { CompletionMetrics } from "./completion-metrics.js";
import type { CompletionOptions, CompletionRequest } from "./completion-request.js";
import { CompletionWatch } from "./completion-watch.js";
import type { TryPermit } from "./free-permit.js";

export interface CompletionTryOptions {
  model: ResolvedModel;
  request: CompletionRequest;
  options: CompletionOptions;
  /** The breaker's leave for this try; the try reports how it went. */
  permit: TryPermit;
  clock: Clock;
  metrics: CompletionMetrics;
  /** Multiplies the model's own limits of time; the turn's deadline stays. */
  timeoutFactor: number;
}

/** One request to one model, timed, counted and reported to its breaker. */
export class CompletionTry {
  readonly model: ResolvedModel;
  readonly #permit: TryPermit;
  readonly #metrics: CompletionMetrics;
  readonly #clock: Clock;
  readonly #watch: CompletionWatch;
  readonly #events: AsyncIterator<ProviderEvent>;
  readonly #startedAtMs: number;
  #ended = false;

  constructor({ model, request, options, permit, clock, metrics, timeoutFactor }: CompletionTryOptions) {
    this.model = model;
    this.#permit = permit;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
    this.#watch = new CompletionWatch({ clock, timeouts: stretchTimeouts(model.timeouts, timeoutFactor), ...options });
    const { messages, temperature, sampling, tools } = request;
    const maxTokens = capTokens(request.maxTokens, model.limits.maxOutputTokens);
    const providerRequest = { model: model.upstreamName, messages, temperature, maxTokens, sampling, tools };
    this.#events = model.chat.stream(providerRequest, this.#watch.signal)[Symbol.asyncIterator]();
  }

  /** Waits for the first event. A rejection ends the try. */
  async begin(): Promise<ProviderEvent> {
    const first = await this.next();
    this.#metrics.observeFirstToken(this.model.id, this.#clock.monotonicMs() - this.#startedAtMs);
    if (this.#permit.isProbe) this.#permit.succeed();
    this.#watch.begin();
    return first;
  }

  /** Waits for the next event. A rejection ends the try, and so does `finish`; nothing may be asked for after either. */
  async next(): Promise<ProviderEvent> {
    const watch = this.#watch;
    watch.isWaiting = true;
    let result: IteratorResult<ProviderEvent>;
    try {
      result = await this.#events.next();
    } catch (thrown) {
      throw this.#fail(thrown);
    }
    watch.isWaiting = false;
    watch.events += 1;
    if (result.done === true) {
      const message = "the model provider ended its answer before it was whole";
      throw this.#fail(new OrchestraError("provider_error", message, { retryable: true }));
    }
    const event = result.value;
    if (event.type === "usage") this.#metrics.countTokens(this.model.id, event, this.model.prices);
    else if (event.type === "finish") this.#succeed();
    return event;
  }

  /** Ends a try whose reader lost interest: the upstream's socket is closed. Does nothing after the end. */
  async leave(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#permit.ignore();
    this.#watch.stop();
    this.#metrics.countTry(this.model.id, "cancelled");
    await this.#events.return?.();
  }

  #succeed(): void {
    this.#ended = true;
    this.#permit.succeed();
    this.#watch.stop();
    this.#metrics.countTry(this.model.id, "ok");
  }

  #fail(thrown: unknown): OrchestraError {
    const error = OrchestraError.from(thrown);
    this.#ended = true;
    if (this.#watch.isTurnOver) this.#permit.ignore();
    else this.#permit.fail(error);
    this.#watch.stop();
    this.#metrics.countTry(this.model.id, error.code);
    return error;
  }
}

function stretchTimeouts(timeouts: ModelTimeouts, factor: number): ModelTimeouts {
  if (factor === 1) return timeouts;
  const { firstTokenMs, idleMs, totalMs } = timeouts;
  return {
    firstTokenMs: firstTokenMs * factor,
    idleMs: idleMs * factor,
    ...(totalMs === undefined ? {} : { totalMs: totalMs * factor }),
  };
}

function capTokens(asked: number | undefined, limit: number | undefined): number | undefined {
  if (asked === undefined || limit === undefined) return asked ?? limit;
  return Math.min(asked, limit);
}
