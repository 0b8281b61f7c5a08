import { defineCall } from "@ai-orchestra/contracts";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { CallContext } from "../src/index.js";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();

function defineStep(timeoutMs: number) {
  return defineCall({
    subject: nats.uniqueName("step"),
    request: z.object({}),
    response: z.object({ leftMs: z.array(z.number()) }),
    timeoutMs,
  });
}

const left = (call: CallContext): number => call.deadlineAt - Date.now();

describe("the deadline of a call", () => {
  test("is what the caller asks for, else the contract's", async () => {
    const bus = await nats.connect();
    const contract = defineStep(3_000);
    bus.serve(contract, (_request, call) => ({ leftMs: [left(call)] }));
    const [byContract] = (await bus.call(contract, {})).leftMs;
    const [byCaller] = (await bus.call(contract, {}, { timeoutMs: 700 })).leftMs;
    expect(byContract).toBeGreaterThan(2_000);
    expect(byContract).toBeLessThanOrEqual(3_000);
    expect(byCaller).toBeGreaterThan(100);
    expect(byCaller).toBeLessThanOrEqual(700);
  });

  test("goes on to the calls that the handler makes, and shrinks on the way", async () => {
    const [front, middle, back] = await Promise.all([nats.connect(), nats.connect(), nats.connect()]);
    const outer = defineStep(1_000);
    const inner = defineStep(60_000);
    back.serve(inner, (_request, call) => ({ leftMs: [left(call)] }));
    middle.serve(outer, async (_request, call) => {
      const before = left(call);
      while (left(call) > before - 50) await new Promise(setImmediate);
      const answer = await middle.call(inner, {});
      return { leftMs: [before, ...answer.leftMs] };
    });
    await Promise.all([middle.flush(), back.flush()]);
    const { leftMs } = await front.call(outer, {});
    expect(leftMs[0]).toBeLessThanOrEqual(1_000);
    expect(leftMs[1]).toBeLessThanOrEqual(leftMs[0]! - 40);
    expect(leftMs[1]).toBeGreaterThan(0);
  });

  test("ends a call that is not answered with timeout, close to the time", async () => {
    const bus = await nats.connect();
    const contract = defineStep(150);
    bus.serve(contract, () => new Promise(() => undefined));
    const startedAt = performance.now();
    await expect(bus.call(contract, {})).rejects.toMatchObject({ code: "timeout", retryable: true });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(149);
    expect(tookMs).toBeLessThan(1_000);
    expect(bus.requests.size).toBe(0);
  });

  test("ends calls in the order of their deadlines, not of their start", async () => {
    const bus = await nats.connect();
    const contract = defineStep(10_000);
    bus.serve(contract, () => new Promise(() => undefined));
    const ended: number[] = [];
    await Promise.all(
      [240, 120, 60].map((timeoutMs) =>
        bus.call(contract, {}, { timeoutMs }).catch(() => {
          ended.push(timeoutMs);
        }),
      ),
    );
    expect(ended).toEqual([60, 120, 240]);
  });

  test("fires the handler's signal", async () => {
    const bus = await nats.connect();
    const contract = defineStep(120);
    const aborted = createGate<unknown>();
    bus.serve(contract, (_request, call) => {
      call.signal.addEventListener("abort", () => aborted.open(call.signal.reason));
      return new Promise(() => undefined);
    });
    await expect(bus.call(contract, {})).rejects.toMatchObject({ code: "timeout" });
    expect(await aborted.opened).toMatchObject({ code: "timeout" });
  });

  test("stops a handler from calling when no time is left", async () => {
    const [front, middle] = await Promise.all([nats.connect(), nats.connect()]);
    const outer = defineStep(60);
    const inner = defineStep(1_000);
    const outcome = createGate<unknown>();
    middle.serve(outer, async (_request, call) => {
      while (left(call) > 0) await new Promise(setImmediate);
      outcome.open(await middle.call(inner, {}).catch((error: unknown) => error));
      return new Promise(() => undefined);
    });
    await middle.flush();
    await expect(front.call(outer, {})).rejects.toMatchObject({ code: "timeout" });
    expect(await outcome.opened).toMatchObject({ code: "timeout" });
  });
});

describe("the signal of a call", () => {
  test("gives it up at once", async () => {
    const bus = await nats.connect();
    const contract = defineStep(10_000);
    bus.serve(contract, () => new Promise(() => undefined));
    const controller = new AbortController();
    const call = bus.call(contract, {}, { signal: controller.signal });
    controller.abort(new Error("the client left"));
    await expect(call).rejects.toMatchObject({ code: "cancelled", cause: { message: "the client left" } });
    expect(bus.requests.size).toBe(0);
  });

  test("that fired before keeps it from being sent", async () => {
    const bus = await nats.connect();
    const contract = defineStep(1_000);
    let handled = 0;
    bus.serve(contract, () => {
      handled += 1;
      return { leftMs: [] };
    });
    await expect(bus.call(contract, {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    await bus.call(contract, {});
    expect(handled).toBe(1);
  });
});
