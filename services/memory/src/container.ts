import { openTurnResults } from "@ai-orchestra/bus";
import { type Component, createStrictContainer, type ServiceBase } from "@ai-orchestra/service-kit";
import { asFunction } from "awilix";
import { CatchUpGate } from "./commit-log/catch-up-gate.js";
import { CommitLog } from "./commit-log/commit-log.js";
import { ResultApplier } from "./commit-log/result-applier.js";
import type { MemoryConfig } from "./config.js";
import { ConnectionLeases } from "./connections/connection-leases.js";
import { GarbageCollector } from "./garbage-collector/garbage-collector.js";
import { MemoryCalls } from "./memory-calls.js";
import { createMemoryMetrics, type MemoryMetrics } from "./memory-metrics.js";
import { MEMORY_SCRIPTS } from "./redis/memory-scripts.js";
import { RedisConnection } from "./redis/redis-connection.js";
import { SessionStore } from "./sessions/session-store.js";
import { TurnLeases } from "./turns/turn-leases.js";
import { UsageCounts } from "./usage/usage-counts.js";

const RETRY_RESULT_AFTER_MS = 250;
const CATCH_UP_CHECK_EVERY_MS = 25;
const CATCH_UP_STALL_TIMEOUT_MS = 10_000;

/** One of each in the process; nothing here belongs to a single call. */
interface Cradle {
  memoryMetrics: MemoryMetrics;
  redis: RedisConnection;
  resultApplier: ResultApplier;
  commitLog: CommitLog;
  catchUpGate: CatchUpGate;
  turnLeases: TurnLeases;
  sessionStore: SessionStore;
  connectionLeases: ConnectionLeases;
  usageCounts: UsageCounts;
  memoryCalls: MemoryCalls;
  garbageCollector: GarbageCollector;
}

/** Builds the memory service; the components come in start order. */
export async function compose(base: ServiceBase<MemoryConfig>): Promise<Component[]> {
  const { bus, clock, config, instance, logger, metrics } = base;
  const turnResults = await openTurnResults(bus, { replicas: config.JETSTREAM_REPLICAS, storage: "file" });
  const sessionTtlMs = config.SESSION_TTL_MS;
  const turnStateTtlMs = config.TURN_STATE_TTL_MS;

  const container = createStrictContainer<Cradle>();
  container.register({
    memoryMetrics: asFunction(() => createMemoryMetrics(metrics)).singleton(),
    redis: asFunction(
      ({ memoryMetrics }: Cradle) =>
        new RedisConnection({
          url: config.REDIS_URL,
          connectionName: instance,
          commandTimeoutMs: config.REDIS_COMMAND_TIMEOUT_MS,
          scripts: MEMORY_SCRIPTS,
          clock,
          logger,
          metrics: memoryMetrics,
        }),
    ).singleton(),
    resultApplier: asFunction(
      ({ redis, memoryMetrics }: Cradle) =>
        new ResultApplier({
          redis,
          clock,
          metrics: memoryMetrics,
          limits: {
            maxMessages: config.SESSION_MAX_MESSAGES,
            maxBytes: config.SESSION_MAX_BYTES,
            maxSessionsPerClient: config.SESSIONS_PER_CLIENT,
          },
          sessionTtlMs,
          turnStateTtlMs,
        }),
    ).singleton(),
    commitLog: asFunction(
      ({ redis, resultApplier, memoryMetrics }: Cradle) =>
        new CommitLog({
          redis,
          turnResults,
          resultApplier,
          logger,
          metrics: memoryMetrics,
          concurrency: config.COMMIT_LOG_CONCURRENCY,
          retryDelayMs: RETRY_RESULT_AFTER_MS,
        }),
    ).singleton(),
    catchUpGate: asFunction(
      ({ commitLog, redis, memoryMetrics }: Cradle) =>
        new CatchUpGate({
          readProgress: () => commitLog.readProgress(),
          isStoreUp: () => redis.isUp,
          clock,
          logger,
          metrics: memoryMetrics,
          checkEveryMs: CATCH_UP_CHECK_EVERY_MS,
          stallTimeoutMs: CATCH_UP_STALL_TIMEOUT_MS,
        }),
    ).singleton(),
    turnLeases: asFunction(
      ({ redis, resultApplier, catchUpGate, memoryMetrics }: Cradle) =>
        new TurnLeases({
          redis,
          turnResults,
          resultApplier,
          catchUpGate,
          logger,
          metrics: memoryMetrics,
          leaseTtlMs: config.LEASE_TTL_MS,
          turnStateTtlMs,
          contextMaxMessages: config.CONTEXT_MAX_MESSAGES,
          contextMaxBytes: config.CONTEXT_MAX_BYTES,
        }),
    ).singleton(),
    sessionStore: asFunction(
      ({ redis }: Cradle) => new SessionStore({ redis, sessionTtlMs, turnStateTtlMs }),
    ).singleton(),
    usageCounts: asFunction(({ redis }: Cradle) => new UsageCounts({ redis })).singleton(),
    connectionLeases: asFunction(
      ({ redis, memoryMetrics }: Cradle) =>
        new ConnectionLeases({ redis, metrics: memoryMetrics, leaseTtlMs: config.CONNECTION_LEASE_TTL_MS }),
    ).singleton(),
    memoryCalls: asFunction(
      ({ turnLeases, resultApplier, sessionStore, connectionLeases, usageCounts }: Cradle) =>
        new MemoryCalls({ bus, turnLeases, resultApplier, sessionStore, connectionLeases, usageCounts }),
    ).singleton(),
    garbageCollector: asFunction(
      ({ redis, memoryMetrics }: Cradle) =>
        new GarbageCollector({
          redis,
          clock,
          logger,
          metrics: memoryMetrics,
          instance,
          intervalMs: config.GC_INTERVAL_MS,
          sessionTtlMs,
        }),
    ).singleton(),
  });

  const { redis, commitLog, catchUpGate, memoryCalls, garbageCollector } = container.cradle;
  redis.onFailure(() => catchUpGate.close());
  return [redis, commitLog, catchUpGate, memoryCalls, garbageCollector];
}
