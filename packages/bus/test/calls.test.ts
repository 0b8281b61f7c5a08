import { defineCall, OrchestraError } from "@ai-orchestra/contracts";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { NO_REPLY } from "../src/index.js";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();

function defineDouble(timeoutMs = 2_000) {
  return defineCall({
    subject: `${nats.uniqueName("numbers")}.double`,
    request: z.object({ value: z.number(), scale: z.number().default(2) }),
    response: z.object({ value: z.number(), note: z.string().default("none") }),
    timeoutMs,
  });
}

describe("a call", () => {
  test("is answered, with the defaults of both schemas filled in", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve(contract, ({ value, scale }) => ({ value: value * scale }));
    expect(await bus.call(contract, { value: 21 })).toEqual({ value: 42, note: "none" });
  });

  test("fails at once when nobody serves it", async () => {
    const bus = await nats.connect();
    const startedAt = performance.now();
    await expect(bus.call(defineDouble(10_000), { value: 1 })).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test("carries any number of requests at a time, each with its own answer", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve(contract, async ({ value }) => {
      await Promise.resolve();
      return { value };
    });
    const answers = await Promise.all(Array.from({ length: 500 }, (_, value) => bus.call(contract, { value })));
    expect(answers.map((answer) => answer.value)).toEqual(Array.from({ length: 500 }, (_, value) => value));
  });

  test("is refused when the request does not fit the contract, without reaching the handler", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    let handled = 0;
    bus.serve(contract, ({ value }) => {
      handled += 1;
      return { value };
    });
    const loose = { ...contract, request: z.any() };
    await expect(bus.call(loose, { value: "one" })).rejects.toMatchObject({
      code: "invalid_request",
      retryable: false,
      details: [{ path: "value", message: expect.any(String) as string }],
    });
    expect(handled).toBe(0);
  });

  test("answers bytes that are no JSON with invalid_request", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve(contract, ({ value }) => ({ value }));
    const reply = await bus.connection.nats.request(contract.subject, '{"value":', { timeout: 1_000 });
    expect(reply.headers?.get("Orchestra-Error")).toBe("invalid_request");
    expect(reply.json()).toMatchObject({ code: "invalid_request", retryable: false });
  });

  test("rejects with the code, retry time and details that the handler threw", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve(contract, () => {
      throw new OrchestraError("rate_limited", "slow down", {
        retryAfterMs: 1_500,
        details: [{ path: "value", message: "too often" }],
      });
    });
    await expect(bus.call(contract, { value: 1 })).rejects.toMatchObject({
      code: "rate_limited",
      message: "slow down",
      retryable: true,
      retryAfterMs: 1_500,
      details: [{ path: "value", message: "too often" }],
    });
  });

  test("does not tell the caller what an unexpected error says", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve(contract, () => Promise.reject(new Error("password is hunter2")));
    const error: unknown = await bus.call(contract, { value: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "internal" });
    expect(String(error)).not.toContain("hunter2");
  });

  test("fails as internal when the answer does not fit the contract", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve({ ...contract, response: z.any() }, () => ({ value: "two" }));
    await expect(bus.call(contract, { value: 1 })).rejects.toMatchObject({ code: "internal" });
  });

  test("answers an output that cannot be JSON as internal", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    bus.serve({ ...contract, response: z.any() }, () => ({ value: 1n }));
    await expect(bus.call(contract, { value: 1 })).rejects.toMatchObject({ code: "internal" });
  });

  test("may have no request and no answer", async () => {
    const bus = await nats.connect();
    const contract = defineCall({
      subject: nats.uniqueName("nothing"),
      request: z.undefined(),
      response: z.undefined(),
      timeoutMs: 1_000,
    });
    bus.serve(contract, () => undefined);
    expect(await bus.call(contract, undefined)).toBeUndefined();
  });

  test("is refused as too large before it is sent, and an answer that is too large as such", async () => {
    const bus = await nats.connect();
    const contract = defineCall({
      subject: nats.uniqueName("text"),
      request: z.object({ text: z.string() }),
      response: z.object({ text: z.string() }),
      timeoutMs: 1_000,
    });
    bus.serve(contract, ({ text }) => ({ text: text.repeat(1_000) }));
    const tooLong = "x".repeat(bus.maxPayloadBytes);
    await expect(bus.call(contract, { text: tooLong })).rejects.toMatchObject({ code: "too_large" });
    await expect(bus.call(contract, { text: "x".repeat(100) })).rejects.toMatchObject({ code: "too_large" });
  });
});

describe("an answer that comes late", () => {
  test("from a second instance is not taken for the answer of the next call", async () => {
    const [bus, slowBus] = await Promise.all([nats.connect(), nats.connect()]);
    const contract = defineDouble();
    const gate = createGate();
    bus.serve(contract, ({ value }) => (value < 1_000 ? { value } : NO_REPLY), { queue: false });
    slowBus.serve(
      contract,
      async ({ value }) => {
        await gate.opened;
        return { value };
      },
      { queue: false },
    );
    await Promise.all([bus.flush(), slowBus.flush()]);
    for (let value = 0; value < 20; value += 1) expect(await bus.call(contract, { value })).toMatchObject({ value });
    const last = bus.call(contract, { value: 1_000 });
    gate.open();
    expect(await last).toMatchObject({ value: 1_000 });
  });

  test("after its call timed out is not taken for the answer of the next call", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    const gate = createGate();
    bus.serve(contract, async ({ value }) => {
      if (value === 1) await gate.opened;
      return { value };
    });
    await expect(bus.call(contract, { value: 1 }, { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
    const next = bus.call(contract, { value: 2 });
    gate.open();
    expect(await next).toMatchObject({ value: 2 });
    expect(await bus.call(contract, { value: 3 })).toMatchObject({ value: 3 });
  });
});

describe("a server", () => {
  test("that stays silent lets another instance answer", async () => {
    const [bus, silentBus] = await Promise.all([nats.connect(), nats.connect()]);
    const contract = defineDouble();
    silentBus.serve(contract, () => NO_REPLY, { queue: false });
    bus.serve(contract, ({ value }) => ({ value: value + 1 }), { queue: false });
    await Promise.all([bus.flush(), silentBus.flush()]);
    expect(await bus.call(contract, { value: 1 })).toMatchObject({ value: 2 });
  });

  test("shares the calls with the others of its queue group", async () => {
    const buses = [await nats.connect(), await nats.connect()] as const;
    const contract = defineDouble();
    const handled = [0, 0];
    for (const [index, bus] of buses.entries()) {
      bus.serve(contract, ({ value }) => {
        handled[index]! += 1;
        return { value };
      });
      await bus.flush();
    }
    await Promise.all(Array.from({ length: 200 }, (_, value) => buses[0].call(contract, { value })));
    expect(handled[0]! + handled[1]!).toBe(200);
    expect(Math.min(...handled)).toBeGreaterThan(0);
  });

  test("answers what it has begun before stop resolves, and nothing after", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    const begun = createGate();
    const gate = createGate();
    const served = bus.serve(contract, async ({ value }) => {
      begun.open();
      await gate.opened;
      return { value };
    });
    const answer = bus.call(contract, { value: 7 });
    await begun.opened;
    const stopped = served.stop();
    expect(served.stop()).toBe(stopped);
    gate.open();
    await stopped;
    expect(await answer).toMatchObject({ value: 7 });
    await expect(bus.call(contract, { value: 8 })).rejects.toMatchObject({ code: "unavailable" });
  });

  test("refuses calls beyond what it handles at a time", async () => {
    const bus = await nats.connect();
    const contract = defineDouble();
    const gate = createGate();
    bus.serve(
      contract,
      async ({ value }) => {
        await gate.opened;
        return { value };
      },
      { maxInFlight: 2 },
    );
    const calls = [1, 2, 3].map((value) => bus.call(contract, { value }));
    await expect(calls[2]).rejects.toMatchObject({ code: "overloaded", retryAfterMs: expect.any(Number) as number });
    gate.open();
    expect(await Promise.all(calls.slice(0, 2))).toMatchObject([{ value: 1 }, { value: 2 }]);
  });
});
