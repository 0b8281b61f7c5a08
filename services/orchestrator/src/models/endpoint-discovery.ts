import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import { listEndpointModels } from "./list-endpoint-models.js";

/** An endpoint whose models are not declared. */
export interface OpenEndpoint {
  baseUrl: string;
  apiKey: string | undefined;
}

export interface EndpointDiscoveryOptions {
  clock: Clock;
  logger: Logger;
  /** Called after a list changed. */
  onChange: () => void;
  /** How long one endpoint may take to answer. */
  timeoutMs: number;
  /** Pause between two rounds; shorter while an endpoint has never answered. */
  refreshMs: number;
  retryMs: number;
}

/** Keeps asking endpoints which models they have. A list that was once heard stays until the endpoint tells another. */
export class EndpointDiscovery {
  readonly #options: EndpointDiscoveryOptions;
  #endpoints: ReadonlyMap<string, OpenEndpoint> = new Map();
  #models = new Map<string, readonly string[]>();
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(options: EndpointDiscoveryOptions) {
    this.#options = options;
  }

  /** By provider name. */
  get models(): ReadonlyMap<string, readonly string[]> {
    return this.#models;
  }

  /** Asks these endpoints from now on; resolves after the first round, whether they answered or not. */
  follow(endpoints: ReadonlyMap<string, OpenEndpoint>): Promise<void> {
    for (const [name, endpoint] of this.#endpoints) {
      if (endpoints.get(name)?.baseUrl !== endpoint.baseUrl) this.#models.delete(name);
    }
    this.#endpoints = endpoints;
    this.#options.clock.clearTimeout(this.#timer);
    this.#round = this.#round.then(() => this.#runRound());
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#options.clock.clearTimeout(this.#timer);
    await this.#round;
  }

  async #runRound(): Promise<void> {
    const { clock, onChange, refreshMs, retryMs } = this.#options;
    const endpoints = this.#endpoints;
    if (this.#stopping.signal.aborted || endpoints.size === 0) return;
    const changed = await Promise.all([...endpoints].map(([name, endpoint]) => this.#ask(name, endpoint)));
    if (this.#stopping.signal.aborted || endpoints !== this.#endpoints) return;
    if (changed.includes(true)) onChange();
    const isComplete = [...endpoints.keys()].every((name) => this.#models.has(name));
    this.#timer = clock.setTimeout(
      () => {
        this.#round = this.#runRound();
      },
      isComplete ? refreshMs : retryMs,
    );
    this.#timer.unref();
  }

  /** Answers whether the list changed. */
  async #ask(name: string, { baseUrl, apiKey }: OpenEndpoint): Promise<boolean> {
    const { logger, timeoutMs } = this.#options;
    const { signal } = this.#stopping;
    try {
      const models = await listEndpointModels({ baseUrl, apiKey, timeoutMs, signal });
      const isNew = models.join("\n") !== this.#models.get(name)?.join("\n");
      this.#models.set(name, models);
      return isNew;
    } catch (err) {
      if (!signal.aborted) logger.warn({ err, provider: name }, "an endpoint did not list its models");
      return false;
    }
  }
}
