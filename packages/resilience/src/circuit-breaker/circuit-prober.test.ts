import { afterEach, describe, expect, it } from "vitest";
import type { Call } from "../call/call.js";
import { ManualClock } from "../testing/manual-clock.js";
import { hang } from "../testing/operations.js";
import { createCircuitBreaker } from "./circuit-breaker.js";
import { CircuitProber } from "./circuit-prober.js";

const probers: CircuitProber[] = [];
afterEach(async () => void (await Promise.all(probers.splice(0).map((prober) => prober.stop()))));

function setUp(probe: (call: Call) => Promise<unknown>) {
  const clock = new ManualClock();
  const trigger = { kind: "consecutive", failures: 1 } as const;
  const breaker = createCircuitBreaker({ name: "redis", clock, trigger, openForMs: 30_000 });
  let probes = 0;
  const counted = (call: Call): Promise<unknown> => {
    probes += 1;
    return probe(call);
  };
  const prober = new CircuitProber({ breaker, clock, probe: counted, intervalMs: 500, maxIntervalMs: 4000 });
  probers.push(prober);
  prober.start();
  return { clock, breaker, prober, countProbes: () => probes };
}

describe("a prober", () => {
  it("leaves a closed circuit alone", async () => {
    const { clock, countProbes } = setUp(() => Promise.resolve());
    await clock.advance(60_000);
    expect(countProbes()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("closes a circuit long before its time, without any traffic", async () => {
    let isBack = false;
    const { clock, breaker } = setUp(() => (isBack ? Promise.resolve() : Promise.reject(new Error("down"))));
    breaker.open();
    await clock.advance(3000);
    expect(breaker.state.kind).toBe("open");
    isBack = true;
    await clock.advance(500);
    expect(breaker.state.kind).toBe("closed");
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives every probe a time limit and goes on", async () => {
    const { clock, breaker, countProbes } = setUp(hang);
    breaker.open();
    await clock.advance(4500);
    expect(countProbes()).toBe(3);
    expect(breaker.state.kind).toBe("open");
  });

  it("leaves an isolated circuit to whoever isolated it", async () => {
    const { clock, breaker, countProbes } = setUp(() => Promise.resolve());
    breaker.open();
    breaker.isolate();
    await clock.advance(60_000);
    expect(breaker.state.kind).toBe("isolated");
    expect(countProbes()).toBe(0);
  });

  it("asks less and less often when its probe succeeds and real calls fail at once", async () => {
    const { clock, breaker, countProbes } = setUp(() => Promise.resolve());
    breaker.onStateChange(({ to }) => {
      if (to.kind === "closed") queueMicrotask(() => breaker.acquire().fail(new Error("still broken")));
    });
    breaker.open();
    await clock.advance(500 + 1000 + 2000 + 4000 + 4000);
    expect(countProbes()).toBe(5);
  });

  it("stops in the middle of a probe, and another stop shares its end", async () => {
    let aborted = false;
    const { clock, breaker, prober } = setUp(({ signal }) => {
      signal.addEventListener("abort", () => (aborted = true));
      return hang();
    });
    breaker.open();
    await clock.advance(500);
    await Promise.all([prober.stop(), prober.stop()]);
    expect(aborted).toBe(true);
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
    expect(breaker.state.kind).toBe("open");
  });
});
