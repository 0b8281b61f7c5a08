import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus, openTurnResults, type ResultStore } from "@ai-orchestra/bus";
import {
  memorySessionsMessages,
  memoryTurnBegin,
  memoryTurnCommit,
  memoryTurnRenew,
  type SessionMessage,
  subjects,
  type TurnResult,
} from "@ai-orchestra/contracts";
import { type Component, loadConfig, systemClock } from "@ai-orchestra/service-kit";
import { type NatsServer, type RedisServer, startNatsServer, startRedisServer } from "@ai-orchestra/stack";
import { createLogger, createMetrics, type Metrics } from "@ai-orchestra/telemetry";
import { eventually } from "@ai-orchestra/testkit";
import { Redis } from "ioredis";
import { envSchema } from "../src/config.js";
import { compose } from "../src/container.js";

const topology = { replicas: 1, storage: "file" } as const;

/** A running memory service inside this process, on its own connection to the bus. */
export interface MemoryInstance {
  readonly metrics: Metrics;
  readonly logLines: string[];
  dependency(): "up" | "down" | undefined;
  /** The sum of a counter or gauge over the labels that match. */
  readMetric(name: string, labels?: Record<string, string>): Promise<number>;
  stopComponent(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Real servers, a caller's connection to the bus, and as many memory services as a test asks for. */
export interface MemoryHarness {
  readonly nats: NatsServer;
  readonly redisServer: RedisServer;
  readonly bus: Bus;
  readonly redis: Redis;
  readonly turnResults: ResultStore<TurnResult>;
  startInstance(env?: Record<string, string>): Promise<MemoryInstance>;
  stopInstances(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMemoryHarness(): Promise<MemoryHarness> {
  const dataDir = await mkdtemp(join(tmpdir(), "memory-"));
  const [nats, redisServer] = await Promise.all([
    startNatsServer({ dataDir: join(dataDir, "nats") }),
    startRedisServer({ dataDir: join(dataDir, "redis") }),
  ]);
  const bus = await connectBus({ servers: [nats.url], name: "caller" });
  const turnResults = await openTurnResults(bus, topology);
  const redis = new Redis(redisServer.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on("error", () => {});
  const instances: MemoryInstance[] = [];

  const stopInstances = async (): Promise<void> => {
    await Promise.all(instances.splice(0).map((instance) => instance.stop()));
  };
  return {
    nats,
    redisServer,
    bus,
    redis,
    turnResults,
    stopInstances,
    async startInstance(env = {}) {
      // A busy machine is not a Redis that is away; tests of the timeout set it back.
      const source = { REDIS_URL: redisServer.url, REDIS_COMMAND_TIMEOUT_MS: "5000", ...env };
      const instance = await startInstance(nats.url, source);
      instances.push(instance);
      return instance;
    },
    async stop() {
      await stopInstances();
      redis.disconnect();
      await bus.drain();
      await Promise.all([nats.stop(), redisServer.stop()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function startInstance(natsUrl: string, source: Record<string, string>): Promise<MemoryInstance> {
  const instance = `memory-${randomBytes(3).toString("hex")}`;
  const logLines: string[] = [];
  const logger = createLogger({
    service: "memory",
    instance,
    level: "trace",
    destination: { write: (line) => logLines.push(line) },
  });
  const metrics = createMetrics({ service: "memory", instance });
  const bus = await connectBus({ servers: [natsUrl], name: instance, logger });
  const config = loadConfig({ name: "memory", env: envSchema, source });
  const components: Component[] = await compose({ config, logger, bus, metrics, clock: systemClock, instance });
  for (const component of components) await component.start?.();

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    for (const component of components.toReversed()) await component.stop?.({ deadlineAt: Date.now() + 4_000 });
    await bus.drain();
  };
  const readMetric: MemoryInstance["readMetric"] = async (name, labels = {}) => {
    const { values = [] } = (await metrics.registry.getSingleMetric(`orchestra_${name}`)?.get()) ?? {};
    return values
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, sample) => sum + sample.value, 0);
  };
  const running = {
    metrics,
    logLines,
    dependency: () => components.find(({ name }) => name === "redis")?.dependency?.(),
    readMetric,
    async stopComponent(name: string) {
      await components.find((component) => component.name === name)?.stop?.({ deadlineAt: Date.now() + 4_000 });
    },
    stop: () => (stopped ??= stop()),
  };
  await eventually(async () => {
    if (running.dependency() === "up" && (await readMetric("memory_catching_up")) === 1) throw new Error("catching up");
  });
  return running;
}

export function randomOwner(): string {
  return randomBytes(8).toString("hex");
}

/** One session of an owner of its own, with the calls a test makes on it. */
export class TestSession {
  readonly owner: string;
  readonly sessionId: string;
  readonly #bus: Bus;

  constructor(bus: Bus, { owner = randomOwner(), sessionId = "s1" } = {}) {
    this.#bus = bus;
    this.owner = owner;
    this.sessionId = sessionId;
  }

  begin(turnId: string, o: { order: number; attempt?: number; afterTurnId?: string; useMemory?: boolean }) {
    const { owner, sessionId } = this;
    return this.#bus.call(memoryTurnBegin, { owner, sessionId, turnId, attempt: 1, useMemory: true, ...o });
  }

  renew(turnId: string, fence: number, o: { handOver?: boolean } = {}) {
    const { owner, sessionId } = this;
    return this.#bus.call(memoryTurnRenew, { owner, sessionId, turnId, fence, ...o });
  }

  commit(result: TurnResult) {
    return this.#bus.call(memoryTurnCommit, result);
  }

  /** A completed turn, unless `o` says otherwise. */
  result(turnId: string, order: number, o: Partial<TurnResult> & { answer?: string } = {}): TurnResult {
    const { owner, sessionId } = this;
    const { answer = `answer of ${turnId}`, ...overrides } = o;
    return {
      owner,
      sessionId,
      turnId,
      attempt: 1,
      order,
      stateless: false,
      to: answer.length,
      segments: [[0, answer.length]],
      inputText: `question of ${turnId}`,
      frame: {
        type: "turn.completed",
        turnId,
        sessionId,
        attempt: 1,
        output: { text: answer },
        usage: { inputTokens: 1, outputTokens: 1, estimated: true },
        finishReason: "stop",
        metadata: {
          model: "orchestra/builtin",
          mode: "balanced",
          latencyMs: 1,
          timeToFirstTokenMs: 1,
          cached: false,
          degraded: false,
          fallbacks: [],
          agents: [],
          qualityScore: 1,
          intent: null,
          confidence: null,
          traceId: "0".repeat(32),
        },
      },
      submittedAt: Date.now(),
      finishedAt: Date.now(),
      ...overrides,
    };
  }

  failedFrame(turnId: string, partialText?: string): TurnResult["frame"] {
    const { sessionId } = this;
    const traceId = "0".repeat(32);
    const message = "the model failed";
    return {
      type: "turn.failed",
      turnId,
      sessionId,
      code: "provider_error",
      message,
      retryable: false,
      traceId,
      partialText,
    };
  }

  cancelledFrame(turnId: string, partialText: string): TurnResult["frame"] {
    return { type: "turn.cancelled", turnId, sessionId: this.sessionId, partialText };
  }

  subjectOf(turnId: string): string {
    const { owner, sessionId } = this;
    return subjects.turnResult({ owner, sessionId, turnId });
  }

  /** All messages, page by page. */
  async messages(limit = 200): Promise<SessionMessage[]> {
    const { owner, sessionId } = this;
    const items: SessionMessage[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#bus.call(memorySessionsMessages, { owner, sessionId, limit, cursor });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return items;
  }

  async texts(): Promise<string[]> {
    return (await this.messages()).map(({ text }) => text);
  }
}
