import { flagsReport, subjects, type FlagExposureBatch, type FlagReport } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFlagsHarness, type FlagsHarness } from "./flags-harness.js";

let harness: FlagsHarness;

beforeAll(async () => {
  harness = await startFlagsHarness();
  await Promise.all([harness.startInstance(), harness.startInstance()]);
});

afterAll(() => harness.stop());

function publish(batch: Partial<FlagExposureBatch>): void {
  const whole = { service: "test", instance: "test-1", exposures: [], outcomes: [], dropped: 0, ...batch };
  harness.bus.publish(subjects.flagExposures, whole);
}

const readReport = (key: string): Promise<FlagReport> => harness.bus.call(flagsReport, { key });

test("adds up what all replicas counted, and survives all of them", async () => {
  await harness.put({ key: "ab", status: "conditional", rollout: { strategy: "percentage", percentage: 50 } });
  for (let batch = 0; batch < 20; batch += 1) {
    publish({
      exposures: Array.from({ length: 100 }, (_, index) => ({
        flag: "ab",
        variant: index % 2 === 0 ? "on" : "off",
        unit: `user-${batch * 100 + index}`,
        revision: 1,
        at: 0,
      })),
      outcomes: [
        { flag: "ab", variant: "on", outcome: "completed", latencyMs: 100, qualityScore: 1 },
        { flag: "ab", variant: "on", outcome: "completed", latencyMs: 200, qualityScore: 0.8 },
        { flag: "ab", variant: "off", outcome: "failed" },
      ],
    });
  }
  await eventually(async () => {
    expect((await readReport("ab")).variants.map(({ exposures }) => exposures)).toEqual([1_000, 1_000]);
  });
  const [off, on] = (await readReport("ab")).variants;
  expect(on).toMatchObject({
    variant: "on",
    outcomes: { completed: 40, failed: 0, cancelled: 0 },
    meanLatencyMs: expect.closeTo(150),
    meanQualityScore: expect.closeTo(0.9),
  });
  expect(off).toMatchObject({ variant: "off", outcomes: { failed: 20 }, meanLatencyMs: null });
  for (const { units } of [off!, on!]) expect(Math.abs(units - 1_000)).toBeLessThan(80);
});

test("is not there for a flag that is not, and empty for one that nobody met", async () => {
  publish({ exposures: [{ flag: "unknown", variant: "on", unit: "u", revision: 1, at: 0 }] });
  await expect(readReport("unknown")).rejects.toMatchObject({ code: "not_found" });
  expect(await readReport("v2_api")).toEqual({ flag: "v2_api", since: null, variants: [] });
});
