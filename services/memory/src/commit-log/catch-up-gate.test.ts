import { createLogger, createMetrics } from "@ai-orchestra/telemetry";
import { createManualClock } from "@ai-orchestra/service-kit";
import { describe, expect, it } from "vitest";
import { createMemoryMetrics } from "../memory-metrics.js";
import { CatchUpGate } from "./catch-up-gate.js";

describe("CatchUpGate", () => {
  it("is closed at first and opens when every result of before is settled", async () => {
    const { gate, log, pass } = createGate();
    log.lastSequence = 7;
    log.settledSequence = 5;
    gate.start();
    await pass(10);
    expect(gate.isOpen).toBe(false);
    log.settledSequence = 7;
    await pass(10);
    expect(gate.isOpen).toBe(true);
  });

  it("does not wait for results that come while it catches up", async () => {
    const { gate, log, pass } = createGate();
    log.lastSequence = 7;
    gate.start();
    await pass(10);
    log.lastSequence = 1_000;
    log.settledSequence = 7;
    await pass(10);
    expect(gate.isOpen).toBe(true);
  });

  it("stays closed while the store is away, however long", async () => {
    const { gate, log, pass } = createGate();
    log.isStoreUp = false;
    gate.start();
    await pass(5_000);
    expect(gate.isOpen).toBe(false);
    log.isStoreUp = true;
    await pass(10);
    expect(gate.isOpen).toBe(true);
  });

  it("closes again on a failure and then waits for the results that came meanwhile", async () => {
    const { gate, log, pass } = createGate();
    gate.start();
    await pass(10);
    expect(gate.isOpen).toBe(true);
    gate.close();
    log.lastSequence = 3;
    await pass(10);
    expect(gate.isOpen).toBe(false);
    log.settledSequence = 3;
    await pass(10);
    expect(gate.isOpen).toBe(true);
  });

  it("ignores what it saw before a failure that came while it looked", async () => {
    const { gate, log, pass } = createGate();
    log.whileReading = () => {
      log.whileReading = () => {};
      gate.close();
      log.lastSequence = 1;
    };
    gate.start();
    await pass(10);
    expect(gate.isOpen).toBe(false);
    log.settledSequence = 1;
    await pass(10);
    expect(gate.isOpen).toBe(true);
  });

  it("opens after the stall timeout when nothing moves, and not while something does", async () => {
    const { gate, log, pass } = createGate();
    log.lastSequence = 100;
    gate.start();
    await pass(900);
    log.settledSequence = 1;
    await pass(900);
    expect(gate.isOpen).toBe(false);
    await pass(200);
    expect(gate.isOpen).toBe(true);
  });

  it("counts a log that cannot be read as one that does not move", async () => {
    const { gate, log, pass } = createGate();
    log.whileReading = () => {
      throw new Error("no stream");
    };
    gate.start();
    await pass(900);
    expect(gate.isOpen).toBe(false);
    await pass(200);
    expect(gate.isOpen).toBe(true);
  });

  it("does nothing more once stopped", async () => {
    const { gate, pass } = createGate();
    gate.start();
    await gate.stop();
    gate.close();
    await pass(5_000);
    expect(gate.isOpen).toBe(false);
  });
});

function createGate() {
  const clock = createManualClock();
  const log = { lastSequence: 0, settledSequence: 0, isStoreUp: true, whileReading: () => {} };
  const gate = new CatchUpGate({
    readProgress: async () => {
      const { lastSequence, settledSequence } = log;
      log.whileReading();
      return { lastSequence, settledSequence };
    },
    isStoreUp: () => log.isStoreUp,
    clock,
    logger: createLogger({ service: "memory", instance: "memory-1", level: "silent" }),
    metrics: createMemoryMetrics(createMetrics({ service: "memory", instance: "memory-1" })),
    checkEveryMs: 10,
    stallTimeoutMs: 1_000,
  });
  /** Moves time in steps of one check, and lets each check finish. */
  const pass = async (durationMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 10) {
      clock.advance(10);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
  };
  return { gate, log, pass };
}
