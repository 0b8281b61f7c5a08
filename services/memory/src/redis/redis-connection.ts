import { OrchestraError } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import { Redis } from "ioredis";
import type { MemoryMetrics } from "../memory-metrics.js";
import { toRedisFailure } from "./redis-failure.js";
import type { RedisScript } from "./redis-script.js";

const RECONNECT_STEP_MS = 50;
const RECONNECT_MAX_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** A server that stays silent this long gets a new connection, which also empties the queue of unanswered commands. */
const SILENCE_TIMEOUT_MS = 1_000;
const PROBE_EVERY_MS = 1_000;

export interface RedisConnectionOptions {
  readonly url: string;
  readonly connectionName: string;
  readonly commandTimeoutMs: number;
  readonly scripts: readonly RedisScript[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MemoryMetrics;
}

type Argument = string | number;
type ScriptCall = (...keysAndArguments: Argument[]) => Promise<unknown>;

/**
 * The one connection to Redis. Nothing waits for a server that is away: a call without a connection fails at once, one
 * without an answer after `commandTimeoutMs`. It reconnects for ever, at most a second apart.
 */
export class RedisConnection {
  readonly name = "redis";
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: MemoryMetrics;
  readonly #calls = new Map<string, ScriptCall>();
  readonly #failureListeners = new Set<() => void>();
  /** As many as there are callers that wait: the commit log, once for each of its slots. */
  readonly #upWaiters = new Set<() => void>();
  #isAnnouncedDown = false;
  #probeTimer: Timer | undefined;

  constructor({ url, connectionName, commandTimeoutMs, scripts, clock, logger, metrics }: RedisConnectionOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#client = new Redis(url, {
      connectionName,
      commandTimeout: commandTimeoutMs,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
      lazyConnect: true,
      retryStrategy: reconnectDelayMs,
    });
    this.#client.on("ready", () => this.#announceUp());
    this.#client.on("close", () => this.#noteFailure());
    this.#client.on("error", (error: Error) => this.#announceDown(error));
    for (const script of scripts) this.#calls.set(script.name, defineScript(this.#client, script));
  }

  /** Resolves once connected, or when the first try failed: a service whose Redis is away starts, and says so in its calls. */
  async start(): Promise<void> {
    if (this.#client.status !== "wait") return;
    this.#probeTimer = this.#clock.setInterval(() => void this.#probe(), PROBE_EVERY_MS);
    await this.#client.connect().catch((error: Error) => this.#announceDown(error));
  }

  stop(): void {
    this.#clock.clearInterval(this.#probeTimer);
    this.#client.disconnect();
  }

  get isUp(): boolean {
    return this.#client.status === "ready";
  }

  /** Resolves when calls can be made, which may be never. @throws the signal's reason once it is aborted. */
  async untilUp(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isUp) return;
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.#upWaiters.delete(wake);
        reject(OrchestraError.from(signal.reason));
      };
      const wake = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      this.#upWaiters.add(wake);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  dependency(): "up" | "down" {
    return this.isUp ? "up" : "down";
  }

  /** Calls `listener` whenever a call failed because of Redis, or the connection was lost. */
  onFailure(listener: () => void): void {
    this.#failureListeners.add(listener);
  }

  /** @throws OrchestraError `unavailable` when Redis is away or slow, `internal` when it refuses the script. */
  async run(script: RedisScript, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const call = this.#calls.get(script.name);
    if (call === undefined) throw new Error(`script ${script.name} is not defined on this connection`);
    return await this.execute(script.name, () => call(...keys, ...args));
  }

  /** Runs plain commands under a name for the metrics. Fails as `run` does. */
  async execute<T>(operation: string, command: (client: Redis) => Promise<T>): Promise<T> {
    const startedAt = this.#clock.monotonicMs();
    try {
      const reply = await command(this.#client);
      this.#metrics.redisLatencySeconds.observe({ operation }, (this.#clock.monotonicMs() - startedAt) / 1_000);
      return reply;
    } catch (thrown) {
      throw this.#fail(operation, thrown);
    }
  }

  /** Notices a silent server also when nobody calls. Never rejects: a failure is counted and told like any other. */
  async #probe(): Promise<void> {
    if (!this.isUp) return;
    await this.execute("ping", (client) => client.ping()).catch(() => {});
  }

  #fail(operation: string, thrown: unknown): OrchestraError {
    const failure = toRedisFailure(thrown);
    this.#metrics.redisErrors.inc({ operation, code: failure.code });
    if (failure.code === "unavailable") this.#noteFailure();
    return failure;
  }

  #noteFailure(): void {
    for (const listener of this.#failureListeners) listener();
  }

  #announceDown(error: Error): void {
    if (this.#isAnnouncedDown) return;
    this.#isAnnouncedDown = true;
    this.#logger.warn({ err: error }, "redis is away; calls fail until it is back");
  }

  #announceUp(): void {
    this.#isAnnouncedDown = false;
    this.#logger.info("redis is connected");
    for (const wake of this.#upWaiters) wake();
    this.#upWaiters.clear();
  }
}

/** Rises to a second; the jitter keeps replicas from returning in step. */
function reconnectDelayMs(attempt: number): number {
  const delayMs = Math.min(RECONNECT_MAX_MS, attempt * RECONNECT_STEP_MS);
  return delayMs * (0.5 + Math.random() / 2);
}

function defineScript(client: Redis, { name, keys, lua }: RedisScript): ScriptCall {
  client.defineCommand(name, { numberOfKeys: keys.length, lua });
  const call = (client as unknown as Record<string, ScriptCall>)[name];
  if (call === undefined) throw new Error(`redis client has no command ${name}`);
  return call.bind(client);
}
