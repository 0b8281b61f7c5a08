import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResilienceError } from "../resilience-error.js";
import { ManualClock } from "../testing/manual-clock.js";
import { defer, type Deferred } from "../testing/operations.js";
import { createBulkhead, type BulkheadOptions } from "./bulkhead.js";
import type { LimitSample } from "./concurrency-limit.js";

function setUp(options: Partial<BulkheadOptions> = {}) {
  const clock = new ManualClock();
  const bulkhead = createBulkhead({ name: "redis", clock, maxConcurrent: 1, maxQueued: 2, ...options });
  const started: string[] = [];
  const run = (name: string, answer: Deferred<string> = defer(), signal?: AbortSignal) => {
    const result = bulkhead.execute(
      () => {
        started.push(name);
        return answer.promise;
      },
      { signal },
    );
    return { answer, result };
  };
  return { clock, bulkhead, started, run };
}

describe("a bulkhead", () => {
  it("serves who waits in order, and refuses who finds the queue full", async () => {
    const { clock, bulkhead, started, run } = setUp();
    const calls = ["first", "second", "third"].map((name) => run(name));
    await expect(run("fourth").result).rejects.toMatchObject({ code: "queue_full", refused: true });
    expect(bulkhead).toMatchObject({ running: 1, queued: 2, utilisation: 3 });
    for (const { answer, result } of calls) {
      answer.resolve("fine");
      await result;
    }
    await clock.advance(0);
    expect(started).toEqual(["first", "second", "third"]);
    expect(bulkhead).toMatchObject({ running: 0, queued: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it("refuses who waited too long, without ever running it", async () => {
    const { clock, bulkhead, started, run } = setUp({ queueTimeoutMs: 500 });
    run("first");
    const outcome = expect(run("second").result).rejects.toMatchObject({ code: "queue_timeout", refused: true });
    await clock.advance(500);
    await outcome;
    expect(started).toEqual(["first"]);
    expect(bulkhead.queued).toBe(0);
  });

  it("gives up the place in the queue of a caller who cancels", async () => {
    const { bulkhead, run } = setUp();
    run("first");
    const controller = new AbortController();
    const waiting = run("second", defer(), controller.signal);
    controller.abort(new Error("the user left"));
    await expect(waiting.result).rejects.toThrow("the user left");
    expect(bulkhead.queued).toBe(0);
  });

  it("calls it a refusal when a time limit of the caller ends the wait", async () => {
    const { run } = setUp();
    run("first");
    const controller = new AbortController();
    const waiting = run("second", defer(), controller.signal);
    controller.abort(new ResilienceError("deadline_exceeded", "turn", "too late"));
    await expect(waiting.result).rejects.toMatchObject({ code: "queue_timeout", refused: true });
  });

  it("frees the place of a call that failed", async () => {
    const { run, bulkhead } = setUp();
    const { answer, result } = run("first");
    answer.reject(new Error("broken"));
    await expect(result).rejects.toThrow("broken");
    expect(bulkhead.running).toBe(0);
  });

  it("frees the place of a slot once, however often it is released", async () => {
    const { bulkhead } = setUp({ maxConcurrent: 2 });
    const [first] = await Promise.all([bulkhead.acquire(), bulkhead.acquire()]);
    first.release();
    first.release();
    expect(bulkhead.running).toBe(1);
  });

  it("never runs more calls than it has places for, whatever order they end in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 40 }), async (durationsMs) => {
        const { clock, bulkhead } = setUp({ maxConcurrent: 3, maxQueued: 100, queueTimeoutMs: 60_000 });
        let running = 0;
        let most = 0;
        const calls = durationsMs.map((durationMs) =>
          bulkhead.execute(async () => {
            most = Math.max(most, (running += 1));
            await new Promise<void>((resolve) => clock.setTimeout(resolve, durationMs));
            running -= 1;
          }),
        );
        await clock.advance(1000);
        await Promise.all(calls);
        expect(most).toBe(Math.min(3, durationsMs.length));
        expect(bulkhead).toMatchObject({ running: 0, queued: 0 });
      }),
      { numRuns: 30 },
    );
  });
});

describe("a bulkhead whose limit learns", () => {
  function setUpLearning() {
    const samples: LimitSample[] = [];
    const limit = { current: 2, record: (sample: LimitSample) => void samples.push(sample) };
    return { samples, limit, ...setUp({ maxConcurrent: limit, maxQueued: 10 }) };
  }

  it("tells the limit how long calls took and how many ran", async () => {
    const { clock, samples, run } = setUpLearning();
    const calls = [run("first"), run("second")];
    await clock.advance(30);
    for (const { answer } of calls) answer.resolve("fine");
    await Promise.all(calls.map(({ result }) => result));
    expect(samples).toEqual([
      { durationMs: 30, inFlight: 1, overloaded: false },
      { durationMs: 30, inFlight: 2, overloaded: false },
    ]);
  });

  it("reports overload for time limits and for answers that ask to back off, and nothing for other errors", async () => {
    const { samples, run } = setUpLearning();
    const errors = [
      new ResilienceError("timeout", "model", "too slow"),
      Object.assign(new Error("429"), { retryAfterMs: 100 }),
      new Error("400"),
    ];
    for (const error of errors) {
      const { answer, result } = run("call");
      answer.reject(error);
      await expect(result).rejects.toBe(error);
    }
    expect(samples.map(({ overloaded }) => overloaded)).toEqual([true, true]);
  });

  it("admits several waiting calls at once when the limit has grown", async () => {
    const { clock, limit, started, run } = setUpLearning();
    const first = run("first");
    for (const name of ["second", "third", "fourth"]) run(name);
    limit.current = 4;
    first.answer.resolve("fine");
    await first.result;
    await clock.advance(0);
    expect(started).toEqual(["first", "second", "third", "fourth"]);
  });
});
