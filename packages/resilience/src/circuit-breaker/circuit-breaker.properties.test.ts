import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import type { CallPermit } from "./call-permit.js";
import { createCircuitBreaker, type CircuitBreaker } from "./circuit-breaker.js";

const FAILURES = 3;
const OPEN_FOR_MS = 1000;
const PROBES = 2;
const PROBE_DEADLINE_MS = 400;

/** A call in the model: which state it began in, and when its probe runs out. */
interface ModelCall {
  readonly generation: number;
  readonly isProbe: boolean;
  readonly dueMs: number;
  isSettled: boolean;
}

/** The breaker as one would explain it on a blackboard: no windows, no timers, no listeners. */
class BreakerModel {
  kind: "closed" | "open" | "half-open" | "isolated" = "closed";
  nowMs = 0;
  private generation = 0;
  private failuresInARow = 0;
  private probeAtMs = 0;
  private probesSucceeded = 0;
  private readonly calls: ModelCall[] = [];

  acquire(): ModelCall | undefined {
    if (this.kind === "open" && this.nowMs >= this.probeAtMs) this.move("half-open");
    const probesOut = this.calls.filter((call) => call.generation === this.generation && !call.isSettled).length;
    const isFree = this.kind === "half-open" && probesOut + this.probesSucceeded < PROBES;
    if (this.kind !== "closed" && !isFree) return undefined;
    const call = {
      generation: this.generation,
      isProbe: this.kind === "half-open",
      dueMs: this.nowMs + PROBE_DEADLINE_MS,
      isSettled: false,
    };
    this.calls.push(call);
    return call;
  }

  settle(call: ModelCall, outcome: "success" | "failure" | "ignored"): void {
    if (call.isSettled) return;
    call.isSettled = true;
    if (call.generation !== this.generation || outcome === "ignored") return;
    if (this.kind === "closed") {
      this.failuresInARow = outcome === "failure" ? this.failuresInARow + 1 : 0;
      if (this.failuresInARow === FAILURES) this.open();
    } else if (outcome === "failure") {
      this.open();
    } else {
      this.probesSucceeded += 1;
      if (this.probesSucceeded === PROBES) this.move("closed");
    }
  }

  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    const due = this.calls.filter((call) => call.isProbe && !call.isSettled && call.dueMs <= untilMs);
    for (const call of due.toSorted((left, right) => left.dueMs - right.dueMs)) {
      this.nowMs = call.dueMs;
      this.settle(call, "failure");
    }
    this.nowMs = untilMs;
  }

  openByHand(): void {
    if (this.kind !== "isolated") this.open();
  }

  isolate(): void {
    if (this.kind !== "isolated") this.move("isolated");
  }

  close(): void {
    if (this.kind === "closed") this.failuresInARow = 0;
    else this.move("closed");
  }

  private open(): void {
    this.move("open");
    this.probeAtMs = this.nowMs + OPEN_FOR_MS;
  }

  private move(kind: BreakerModel["kind"]): void {
    this.kind = kind;
    this.generation += 1;
    this.failuresInARow = 0;
    this.probesSucceeded = 0;
  }
}

interface Pair {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
  readonly model: BreakerModel;
  readonly calls: { permit: CallPermit; call: ModelCall }[];
}

type Step =
  | { do: "acquire" | "open" | "isolate" | "close" }
  | { do: "advance"; durationMs: number }
  | { do: "settle"; which: number; outcome: "success" | "failure" | "ignored" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.constant<Step>({ do: "acquire" }) },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant("settle" as const),
        which: fc.nat(8),
        outcome: fc.constantFrom("success" as const, "failure" as const, "failure" as const, "ignored" as const),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("advance" as const),
        durationMs: fc.constantFrom(1, PROBE_DEADLINE_MS - 1, PROBE_DEADLINE_MS, OPEN_FOR_MS - 1, OPEN_FOR_MS),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Step>({ do: "open" }, { do: "isolate" }, { do: "close" }, { do: "close" }),
    },
  ),
  { maxLength: 80, size: "max" },
);

function createPair(): Pair {
  const clock = new ManualClock();
  const breaker = createCircuitBreaker({
    name: "under test",
    clock,
    trigger: { kind: "consecutive", failures: FAILURES },
    openForMs: OPEN_FOR_MS,
    halfOpen: { probes: PROBES, deadlineMs: PROBE_DEADLINE_MS },
  });
  return { clock, breaker, model: new BreakerModel(), calls: [] };
}

function tryAcquire(breaker: CircuitBreaker): CallPermit | undefined {
  try {
    return breaker.acquire();
  } catch (error) {
    expect(error).toMatchObject({ code: "circuit_open" });
    return undefined;
  }
}

function acquireBoth({ breaker, model, calls }: Pair): void {
  const permit = tryAcquire(breaker);
  const call = model.acquire();
  expect(permit?.isProbe).toBe(call?.isProbe);
  if (permit !== undefined && call !== undefined) calls.push({ permit, call });
}

function settleBoth({ model, calls }: Pair, which: number, outcome: "success" | "failure" | "ignored"): void {
  const chosen = calls.at(-1 - (which % Math.max(1, calls.length)));
  if (chosen === undefined) return;
  if (outcome === "success") chosen.permit.succeed();
  else if (outcome === "failure") chosen.permit.fail(new Error("broken"));
  else chosen.permit.ignore();
  model.settle(chosen.call, outcome);
}

function applyStep(pair: Pair, step: Step): void {
  const { breaker, model, clock } = pair;
  switch (step.do) {
    case "acquire":
      return acquireBoth(pair);
    case "settle":
      return settleBoth(pair, step.which, step.outcome);
    case "advance":
      clock.jump(step.durationMs);
      return model.advance(step.durationMs);
    case "open":
      breaker.open();
      return model.openByHand();
    case "isolate":
      breaker.isolate();
      return model.isolate();
    case "close":
      breaker.close();
      return model.close();
  }
}

describe("a breaker under any sequence of calls, outcomes, pauses and switches", () => {
  it("is in the state of the model after every step", () => {
    const visited = new Set<string>();
    fc.assert(
      fc.property(steps, (sequence) => {
        const pair = createPair();
        for (const step of sequence) {
          applyStep(pair, step);
          expect(pair.breaker.state.kind).toBe(pair.model.kind);
          visited.add(pair.breaker.state.kind);
        }
      }),
      { numRuns: 1500 },
    );
    expect([...visited].toSorted()).toEqual(["closed", "half-open", "isolated", "open"]);
  });

  it("never has more probes out than allowed, and never a generation that falls", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const pair = createPair();
        let generation = 0;
        for (const step of sequence) {
          applyStep(pair, step);
          const { state } = pair.breaker;
          expect(state.generation).toBeGreaterThanOrEqual(generation);
          generation = state.generation;
          if (state.kind !== "half-open") continue;
          expect(state.probesInFlight).toBeGreaterThanOrEqual(0);
          expect(state.probesInFlight + state.probesSucceeded).toBeLessThanOrEqual(PROBES);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("leaves no timer once every permit was settled or ran out", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const pair = createPair();
        for (const step of sequence) applyStep(pair, step);
        pair.clock.jump(PROBE_DEADLINE_MS);
        expect(pair.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
