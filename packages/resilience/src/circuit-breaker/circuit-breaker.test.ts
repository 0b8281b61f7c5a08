import { describe, expect, it } from "vitest";
import { ResilienceError } from "../resilience-error.js";
import { ManualClock } from "../testing/manual-clock.js";
import { rejectOnAbort } from "../testing/operations.js";
import type { CircuitBreakerOptions } from "./circuit-breaker-options.js";
import { createCircuitBreaker, type CircuitBreaker } from "./circuit-breaker.js";
import type { CircuitStateChange } from "./circuit-state.js";

const DEFAULTS = { name: "memory", trigger: { kind: "consecutive", failures: 3 }, openForMs: 30_000 } as const;
const BROKEN = new Error("connection refused");

function setUp(options: Partial<CircuitBreakerOptions> = {}) {
  const clock = new ManualClock();
  const changes: CircuitStateChange[] = [];
  const onStateChange = (change: CircuitStateChange): void => void changes.push(change);
  const breaker = createCircuitBreaker({ ...DEFAULTS, clock, onStateChange, ...options });
  return { clock, breaker, changes, kinds: () => changes.map((change) => change.to.kind) };
}

async function fail(breaker: CircuitBreaker, times: number, error: unknown = BROKEN): Promise<void> {
  for (let call = 0; call < times; call += 1) {
    await expect(breaker.execute(() => Promise.reject(error))).rejects.toBe(error);
  }
}

function succeed(breaker: CircuitBreaker): Promise<string> {
  return breaker.execute(() => Promise.resolve("fine"));
}

const REFUSED = { name: "ResilienceError", code: "circuit_open", refused: true };

describe("a closed circuit", () => {
  it("passes results and errors on untouched", async () => {
    const { breaker } = setUp();
    await expect(succeed(breaker)).resolves.toBe("fine");
    await fail(breaker, 1);
    expect(breaker.state.kind).toBe("closed");
  });

  it("opens at the third failure in a row and says which one it was", async () => {
    const { breaker, changes } = setUp();
    await fail(breaker, 2);
    await succeed(breaker);
    await fail(breaker, 3);
    expect(breaker.state).toMatchObject({ kind: "open", cause: "trigger", probeAtMs: 30_000 });
    expect(changes).toMatchObject([{ name: "memory", from: { kind: "closed" }, to: { kind: "open" }, error: BROKEN }]);
  });

  it("counts an error thrown before the first promise", async () => {
    const { breaker } = setUp({ trigger: { kind: "consecutive", failures: 1 } });
    const operation = (): Promise<never> => {
      throw BROKEN;
    };
    await expect(breaker.execute(operation)).rejects.toBe(BROKEN);
    expect(breaker.state.kind).toBe("open");
  });

  it("takes no notice of refusals by a policy further in", async () => {
    const { breaker } = setUp();
    await fail(breaker, 10, new ResilienceError("queue_full", "slots", "no slot is free"));
    expect(breaker.state.kind).toBe("closed");
  });

  it("takes no notice of calls whose caller lost interest", async () => {
    const { breaker } = setUp();
    for (let call = 0; call < 10; call += 1) {
      const controller = new AbortController();
      const running = breaker.execute(rejectOnAbort, { signal: controller.signal });
      controller.abort(new Error("the user left"));
      await expect(running).rejects.toThrow("the user left");
    }
    expect(breaker.state.kind).toBe("closed");
  });

  it("counts a call that a time limit of the caller ended", async () => {
    const { breaker } = setUp();
    for (let call = 0; call < 3; call += 1) {
      const controller = new AbortController();
      const running = breaker.execute(rejectOnAbort, { signal: controller.signal });
      controller.abort(new ResilienceError("timeout", "first token", "no token came"));
      await expect(running).rejects.toMatchObject({ code: "timeout" });
    }
    expect(breaker.state.kind).toBe("open");
  });

  it("does not begin a call that is cancelled already", async () => {
    const { breaker } = setUp();
    let begun = false;
    const running = breaker.execute(() => (begun = true), { signal: AbortSignal.abort(new Error("too late")) });
    await expect(running).rejects.toThrow("too late");
    expect(begun).toBe(false);
  });

  it("lets isFailure say whose fault an error is", async () => {
    const verdicts = new Map<unknown, boolean | undefined>([
      ["400", false],
      ["429", undefined],
      ["500", true],
    ]);
    const { breaker } = setUp({ isFailure: (error) => verdicts.get(error) });
    await fail(breaker, 2, "500");
    await fail(breaker, 1, "400");
    await fail(breaker, 2, "500");
    await fail(breaker, 5, "429");
    expect(breaker.state.kind).toBe("closed");
    await fail(breaker, 1, "500");
    expect(breaker.state.kind).toBe("open");
  });

  it("counts slow successes as bad calls", async () => {
    const { breaker, clock } = setUp({ slowCallMs: 1000 });
    for (let call = 0; call < 3; call += 1) {
      await breaker.execute(() => clock.advance(call === 2 ? 5000 : 1000));
    }
    expect(breaker.state.kind).toBe("open");
  });

  it("hands every call the signal of its own caller", async () => {
    const { breaker } = setUp();
    const { signal } = new AbortController();
    await expect(breaker.execute((call) => call.signal === signal, { signal })).resolves.toBe(true);
    const given = await Promise.all([breaker.execute((call) => call.signal), breaker.execute((call) => call.signal)]);
    expect(given[0]).not.toBe(given[1]);
  });
});

describe("an open circuit", () => {
  it("refuses without calling and says how long", async () => {
    const { breaker, clock } = setUp();
    await fail(breaker, 3);
    await clock.advance(10_000);
    let called = false;
    await expect(breaker.execute(() => (called = true))).rejects.toMatchObject({ ...REFUSED, retryAfterMs: 20_000 });
    expect(called).toBe(false);
  });

  it("closes after one probe that succeeds", async () => {
    const { breaker, clock, kinds } = setUp();
    await fail(breaker, 3);
    await clock.advance(30_000);
    await expect(succeed(breaker)).resolves.toBe("fine");
    expect(kinds()).toEqual(["open", "half-open", "closed"]);
    await fail(breaker, 2);
    expect(breaker.state.kind).toBe("closed");
  });

  it("stays open for the whole time again after a probe that failed", async () => {
    const { breaker, clock } = setUp();
    await fail(breaker, 3);
    await clock.advance(30_000);
    await fail(breaker, 1);
    expect(breaker.state).toMatchObject({ kind: "open", cause: "probe", probeAtMs: 60_000 });
    await clock.advance(29_999);
    await expect(succeed(breaker)).rejects.toMatchObject(REFUSED);
  });
});

describe("a half-open circuit", () => {
  async function setUpHalfOpen(options: Partial<CircuitBreakerOptions> = {}) {
    const parts = setUp(options);
    await fail(parts.breaker, 3);
    await parts.clock.advance(30_000);
    return parts;
  }

  it("closes once as many probes succeeded as may be out", async () => {
    const { breaker } = await setUpHalfOpen({ halfOpen: { probes: 2 } });
    await succeed(breaker);
    expect(breaker.state).toMatchObject({ kind: "half-open", probesSucceeded: 1, probesInFlight: 0 });
    await succeed(breaker);
    expect(breaker.state.kind).toBe("closed");
  });

  it("frees the place of a probe that was cancelled, without a verdict", async () => {
    const { breaker } = await setUpHalfOpen();
    const controller = new AbortController();
    const probe = breaker.execute(rejectOnAbort, { signal: controller.signal });
    controller.abort(new Error("the user left"));
    await expect(probe).rejects.toThrow("the user left");
    expect(breaker.state).toMatchObject({ kind: "half-open", probesInFlight: 0 });
    await succeed(breaker);
    expect(breaker.state.kind).toBe("closed");
  });

  it("opens again when a probe succeeds too slowly", async () => {
    const { breaker, clock } = await setUpHalfOpen({ slowCallMs: 1000 });
    await breaker.execute(() => clock.advance(1000));
    expect(breaker.state).toMatchObject({ kind: "open", cause: "probe" });
  });

  it("counts a hung permit as a failure at the deadline, whatever isFailure says", async () => {
    const { breaker, clock } = await setUpHalfOpen({
      halfOpen: { deadlineMs: 2000 },
      isFailure: (error) => error === BROKEN,
    });
    const permit = breaker.acquire();
    expect(permit.isProbe).toBe(true);
    await clock.advance(2000);
    expect(breaker.state).toMatchObject({ kind: "open", cause: "probe", probeAtMs: 62_000 });
    permit.succeed();
    expect(breaker.state.kind).toBe("open");
  });

  it("leaves no timer behind once its probes have ended", async () => {
    const { breaker, clock } = await setUpHalfOpen();
    await succeed(breaker);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a permit", () => {
  it("counts only its first report", () => {
    const { breaker } = setUp({ trigger: { kind: "consecutive", failures: 2 } });
    const permit = breaker.acquire();
    permit.fail(BROKEN);
    permit.fail(BROKEN);
    permit.succeed();
    expect(breaker.state.kind).toBe("closed");
    breaker.acquire().fail(BROKEN);
    expect(breaker.state.kind).toBe("open");
  });

  it("holds the latency it is told, not the length of the stream, against the limit for slow calls", async () => {
    const { breaker, clock } = setUp({ trigger: { kind: "consecutive", failures: 1 }, slowCallMs: 1000 });
    const permit = breaker.acquire();
    await clock.advance(60_000);
    permit.succeed(300);
    expect(breaker.state.kind).toBe("closed");
    breaker.acquire().succeed(1200);
    expect(breaker.state.kind).toBe("open");
  });

  it("is refused with an error while the circuit is open", async () => {
    const { breaker } = setUp();
    await fail(breaker, 3);
    expect(() => breaker.acquire()).toThrow(expect.objectContaining(REFUSED));
  });
});

describe("a circuit that is switched by hand", () => {
  it("stays isolated until it is closed", async () => {
    const { breaker, clock } = setUp();
    breaker.isolate();
    await clock.advance(3_600_000);
    await expect(succeed(breaker)).rejects.toMatchObject(REFUSED);
    breaker.open();
    expect(breaker.state.kind).toBe("isolated");
    breaker.close();
    await expect(succeed(breaker)).resolves.toBe("fine");
  });

  it("opens for as long as the dependency asked for", async () => {
    const { breaker, clock } = setUp();
    breaker.open({ forMs: 5000 });
    expect(breaker.state).toMatchObject({ kind: "open", cause: "manual" });
    await clock.advance(5000);
    await succeed(breaker);
    expect(breaker.state.kind).toBe("closed");
  });

  it("forgets what it counted when it is closed", async () => {
    const { breaker } = setUp();
    await fail(breaker, 2);
    breaker.close();
    await fail(breaker, 2);
    expect(breaker.state.kind).toBe("closed");
  });

  it("is not closed by somebody who saw an older state", async () => {
    const { breaker } = setUp();
    const { generation } = breaker.state;
    breaker.open();
    expect(breaker.close({ generation })).toBe(false);
    expect(breaker.state.kind).toBe("open");
  });

  it("tells every listener until it unsubscribes", () => {
    const { breaker } = setUp();
    const seen: string[] = [];
    const unsubscribe = breaker.onStateChange(({ to }) => seen.push(to.kind));
    breaker.open();
    unsubscribe();
    breaker.close();
    expect(seen).toEqual(["open"]);
  });
});
