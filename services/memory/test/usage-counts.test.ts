import { randomUUID } from "node:crypto";
import { memoryUsageRecord, memoryUsageReport, type Protocol } from "@ai-orchestra/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MemoryHarness, startMemoryHarness } from "./memory-harness.js";

const DAY_MS = 86_400_000;
const NOON = Date.parse("2030-05-10T12:00:00Z");

describe("the usage of protocols", () => {
  let harness: MemoryHarness;
  const record = (protocol: Protocol, clients: string[], o: { at?: number; batchId?: string } = {}) =>
    harness.bus.call(memoryUsageRecord, {
      batchId: o.batchId ?? randomUUID(),
      at: o.at ?? NOON,
      usage: [{ protocol, requests: clients.length * 2, clients }],
    });
  const report = async (protocol: Protocol, days: number, at = NOON) => {
    const { usage } = await harness.bus.call(memoryUsageReport, { days, at });
    return usage.find((entry) => entry.protocol === protocol);
  };

  beforeAll(async () => {
    harness = await startMemoryHarness();
    await harness.startInstance();
    await harness.startInstance();
  });
  afterAll(() => harness.stop());

  it("adds up over gateways and days, and counts a client once however often it comes", async () => {
    await record("v1", ["a", "b"]);
    await record("v1", ["b", "c"], { at: NOON + 1_000 });
    await record("v1", ["a", "d"], { at: NOON - DAY_MS });
    expect(await report("v1", 1)).toEqual({ protocol: "v1", requests: 8, clients: 3, lastUsedAt: NOON + 1_000 });
    expect(await report("v1", 2)).toMatchObject({ requests: 12, clients: 4 });
    expect(await report("v1", 30, NOON + 10 * DAY_MS)).toMatchObject({ requests: 12, clients: 4 });
    expect(await report("v1", 1, NOON + 10 * DAY_MS)).toEqual({ protocol: "v1", requests: 0, clients: 0 });
  });

  it("counts a batch once that is sent again", async () => {
    const batchId = randomUUID();
    expect(await record("v2", ["x"], { batchId })).toEqual({ status: "counted" });
    expect(await record("v2", ["x"], { batchId })).toEqual({ status: "duplicate" });
    expect(await report("v2", 1)).toMatchObject({ requests: 2, clients: 1 });
  });

  it("tells thousands of clients apart, to within a few percent", async () => {
    for (let batch = 0; batch < 3; batch += 1) {
      await record(
        "openai",
        Array.from({ length: 2_000 }, (_, index) => `${batch}-${index}`),
      );
    }
    const clients = (await report("openai", 1))?.clients ?? 0;
    expect(Math.abs(clients - 6_000) / 6_000).toBeLessThan(0.03);
  });
});
