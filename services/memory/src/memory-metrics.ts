import type { Metrics } from "@ai-orchestra/telemetry";

export type MemoryMetrics = ReturnType<typeof createMemoryMetrics>;

/** Everything this service counts, beside what every service has. */
export function createMemoryMetrics(metrics: Metrics) {
  return {
    turnBegins: metrics.counter({
      name: "memory_turn_begins_total",
      help: "Answers to memory.turn.begin, by outcome; catching_up is a busy that waits for results to be applied.",
      labelNames: ["outcome"],
    }),
    leaseRefusals: metrics.counter({
      name: "memory_lease_refusals_total",
      help: "Renewals refused because another attempt or turn has the lease, or the turn has ended.",
    }),
    connectionLeases: metrics.counter({
      name: "memory_connection_leases_total",
      help: "Answers to memory.connections.acquire: granted, taken_over from a connection before it, or refused.",
      labelNames: ["outcome"],
    }),
    commits: metrics.counter({
      name: "memory_commits_total",
      help: "Results by what became of them, and by the way they came: call, log or recovery of a lease that ran out.",
      labelNames: ["outcome", "source"],
    }),
    applyLagSeconds: metrics.histogram({
      name: "memory_apply_lag_seconds",
      help: "From the end of a turn to its result in Redis.",
    }),
    trimmedTurns: metrics.counter({
      name: "memory_trimmed_turns_total",
      help: "Turns removed because their session held too many messages or bytes.",
    }),
    evictedSessions: metrics.counter({
      name: "memory_evicted_sessions_total",
      help: "Idle sessions removed because their client had too many.",
    }),
    collectedSessions: metrics.counter({
      name: "memory_collected_sessions_total",
      help: "Expired sessions whose remains the garbage collector removed.",
    }),
    collectedOwners: metrics.counter({
      name: "memory_collected_owners_total",
      help: "Owners without sessions that the garbage collector forgot.",
    }),
    collections: metrics.counter({
      name: "memory_collections_total",
      help: "Runs of the garbage collector by outcome.",
      labelNames: ["outcome"],
    }),
    catchingUp: metrics.gauge({
      name: "memory_catching_up",
      help: "1 while results are known to wait unapplied and turns cannot begin.",
    }),
    redisLatencySeconds: metrics.histogram({
      name: "memory_redis_latency_seconds",
      help: "Round trip to Redis, by script or command.",
      labelNames: ["operation"],
      buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    }),
    redisErrors: metrics.counter({
      name: "memory_redis_errors_total",
      help: "Failed calls to Redis by script or command; unavailable: away or slow, internal: refused.",
      labelNames: ["operation", "code"],
    }),
  };
}
