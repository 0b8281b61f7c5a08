import type { Bus, ServedCall } from "@ai-orchestra/bus";
import {
  memoryConnectionsAcquire,
  memoryConnectionsRelease,
  memoryConnectionsRenew,
  memorySessionsDelete,
  memorySessionsGet,
  memorySessionsList,
  memorySessionsMessages,
  memoryTurnBegin,
  memoryTurnCommit,
  memoryTurnGet,
  memoryTurnRenew,
  memoryUsageRecord,
  memoryUsageReport,
} from "@ai-orchestra/contracts";
import type { ConnectionLeases } from "./connections/connection-leases.js";
import type { ResultApplier } from "./commit-log/result-applier.js";
import type { SessionStore } from "./sessions/session-store.js";
import type { TurnLeases } from "./turns/turn-leases.js";
import type { UsageCounts } from "./usage/usage-counts.js";

export interface MemoryCallsOptions {
  readonly bus: Bus;
  readonly turnLeases: TurnLeases;
  readonly resultApplier: ResultApplier;
  readonly sessionStore: SessionStore;
  readonly connectionLeases: ConnectionLeases;
  readonly usageCounts: UsageCounts;
}

/** Answers every call of the memory contracts; replicas share them. */
export class MemoryCalls {
  readonly name = "memory-calls";
  readonly endpoints = [
    memoryTurnBegin,
    memoryTurnRenew,
    memoryTurnCommit,
    memoryTurnGet,
    memorySessionsList,
    memorySessionsGet,
    memorySessionsDelete,
    memorySessionsMessages,
    memoryConnectionsAcquire,
    memoryConnectionsRenew,
    memoryConnectionsRelease,
    memoryUsageRecord,
    memoryUsageReport,
  ].map(({ subject }) => subject);
  readonly #o: MemoryCallsOptions;
  #served: ServedCall[] = [];

  constructor(o: MemoryCallsOptions) {
    this.#o = o;
  }

  start(): void {
    const { bus, turnLeases, resultApplier, sessionStore, connectionLeases, usageCounts } = this.#o;
    if (this.#served.length > 0) return;
    this.#served = [
      bus.serve(memoryTurnBegin, (request) => turnLeases.begin(request)),
      bus.serve(memoryTurnRenew, (request) => turnLeases.renew(request)),
      bus.serve(memoryTurnCommit, async (result) => ({ status: await resultApplier.apply(result, "call") })),
      bus.serve(memoryTurnGet, (key) => sessionStore.readTurn(key)),
      bus.serve(memorySessionsList, (request) => sessionStore.list(request)),
      bus.serve(memorySessionsGet, (request) => sessionStore.get(request)),
      bus.serve(memorySessionsDelete, (request) => sessionStore.delete(request)),
      bus.serve(memorySessionsMessages, (request) => sessionStore.readMessages(request)),
      bus.serve(memoryConnectionsAcquire, (request) => connectionLeases.acquire(request)),
      bus.serve(memoryConnectionsRenew, (request) => connectionLeases.renew(request)),
      bus.serve(memoryConnectionsRelease, (request) => connectionLeases.release(request)),
      bus.serve(memoryUsageRecord, (request) => usageCounts.record(request)),
      bus.serve(memoryUsageReport, (request) => usageCounts.report(request)),
    ];
  }

  async stop(): Promise<void> {
    const served = this.#served;
    this.#served = [];
    await Promise.all(served.map((call) => call.stop()));
  }
}
