import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEGRADATION_LEVELS,
  featuresOffAt,
  isFeatureOn,
  isWorse,
  LEVEL_FACTS,
  levelForScore,
  type DegradationLevel,
} from "./degradation-levels.js";
import {
  createDegradationState,
  DEFAULT_DEGRADATION_TIMING,
  reduceDegradation,
  type DegradationState,
} from "./degradation-reducer.js";
import { scoreComponents, type ComponentHealth } from "./score-components.js";

interface LevelChange {
  atMs: number;
  level: DegradationLevel;
}

/** Feeds a score every `everyMs` and answers when the level changed. */
function simulate(durationMs: number, scoreAt: (atMs: number) => number, everyMs = 1000): LevelChange[] {
  let state = createDegradationState(0);
  const changes: LevelChange[] = [];
  for (let atMs = 0; atMs <= durationMs; atMs += everyMs) {
    const next = reduceDegradation(state, { kind: "score", score: scoreAt(atMs), atMs });
    if (next.level !== state.level) changes.push({ atMs, level: next.level });
    state = next;
  }
  return changes;
}

describe("the degradation controller", () => {
  it("does nothing while all is well", () => {
    expect(simulate(600_000, () => 1)).toEqual([]);
  });

  it("goes straight to the level of a dead component, and back to normal after it returned", () => {
    const changes = simulate(120_000, (atMs) => (atMs >= 10_000 && atMs < 60_000 ? 0.45 : 1));
    expect(changes).toEqual([
      { atMs: 12_000, level: "essential" },
      { atMs: 75_000, level: "normal" },
    ]);
  });

  it("is back within 30 s of the end of any fault", () => {
    const fault = fc.record({
      score: fc.double({ min: 0, max: 0.79, noNaN: true }),
      seconds: fc.integer({ min: 3, max: 90 }),
    });
    fc.assert(
      fc.property(fault, fc.constantFrom(250, 500, 1000), ({ score, seconds }, everyMs) => {
        const changes = simulate(seconds * 1000 + 30_000, (atMs) => (atMs < seconds * 1000 ? score : 1), everyMs);
        expect(changes.at(-1)?.level).toBe("normal");
      }),
      { numRuns: 60 },
    );
  });

  it("changes at most twice while a component fails every other second for two minutes", () => {
    for (const score of [0.75, 0.5, 0.1]) {
      for (const everyMs of [250, 500, 1000]) {
        const flapping = simulate(120_000, (atMs) => (Math.floor(atMs / 1000) % 2 === 0 ? score : 1), everyMs);
        expect(flapping.length).toBeLessThanOrEqual(2);
        expect(flapping[0]?.level).toBe(levelForScore(score));
      }
    }
  });

  it("changes at most twice, whatever the score does, as long as it is bad now and then", () => {
    const samples = fc.array(fc.constantFrom(0.5, 1, 1, 1, 1, 1), { minLength: 120, maxLength: 120 });
    fc.assert(
      fc.property(samples, (scores) => {
        const changes = simulate(119_000, (atMs) => (atMs % 8000 === 0 ? 0.5 : (scores[atMs / 1000] ?? 1)));
        expect(changes.length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 50 },
    );
  });

  it("does not move for a score that swings about a threshold", () => {
    const changes = simulate(120_000, (atMs) => (atMs % 2000 === 0 ? 0.79 : 0.81));
    expect(changes).toEqual([{ atMs: expect.any(Number) as number, level: "limited" }]);
  });

  it("ignores a single bad second", () => {
    expect(simulate(60_000, (atMs) => (atMs === 30_000 ? 0.1 : 1))).toEqual([]);
  });

  it("passes through the levels in the middle of a slow recovery", () => {
    const changes = simulate(200_000, (atMs) => (atMs < 20_000 ? 0.3 : atMs < 80_000 ? 0.7 : 1));
    expect(changes.map(({ level }) => level)).toEqual(["emergency", "limited", "normal"]);
  });

  it("stays at a level that it has just risen to for the dwell time, however good the score", () => {
    const changes = simulate(60_000, (atMs) => (atMs < 20_000 ? 0.3 : atMs < 25_000 ? 0.7 : 1));
    expect(changes.slice(1)).toEqual([
      { atMs: 35_000, level: "limited" },
      { atMs: 45_000, level: "normal" },
    ]);
  });

  it("keeps a pinned level, and goes to where the score points when it is unpinned", () => {
    let state = createDegradationState(0);
    state = reduceDegradation(state, { kind: "pin", level: "emergency" });
    for (let atMs = 0; atMs <= 10_000; atMs += 1000) {
      state = reduceDegradation(state, { kind: "score", score: 0.7, atMs });
      expect(state.level).toBe("emergency");
    }
    state = reduceDegradation(state, { kind: "unpin" });
    expect(state).toMatchObject({ level: "limited", pinned: undefined });
  });

  it("keeps a bounded memory", () => {
    let state: DegradationState = createDegradationState(0);
    for (let atMs = 0; atMs < 20_000; atMs += 1) {
      state = reduceDegradation(state, { kind: "score", score: atMs % 2, atMs });
    }
    expect(state.spans.length).toBeLessThanOrEqual(256);
    for (let atMs = 20_000; atMs < 80_000; atMs += 1000) {
      state = reduceDegradation(state, { kind: "score", score: 1, atMs });
    }
    expect(state).toMatchObject({ level: "normal" });
    expect(state.spans).toHaveLength(1);
  });

  it("never changes the state it was given", () => {
    const freeze = (state: DegradationState): DegradationState => {
      Object.freeze(state.spans);
      return Object.freeze(state);
    };
    let state = freeze(createDegradationState(0));
    for (let atMs = 0; atMs < 30_000; atMs += 1000) {
      state = freeze(reduceDegradation(state, { kind: "score", score: (atMs / 1000) % 2, atMs }));
    }
    expect(DEFAULT_DEGRADATION_TIMING.improveAfterMs).toBeLessThan(30_000);
  });
});

describe("the degradation levels", () => {
  it.each([
    [1, "normal"],
    [0.8, "normal"],
    [0.79, "limited"],
    [0.6, "limited"],
    [0.4, "essential"],
    [0.2, "emergency"],
    [0.19, "maintenance"],
    [0, "maintenance"],
  ] as const)("put a score of %s at %s", (score, level) => {
    expect(levelForScore(score)).toBe(level);
  });

  it("switch off more, wait longer and cache longer the worse they are", () => {
    for (const [index, level] of DEGRADATION_LEVELS.entries()) {
      const better = DEGRADATION_LEVELS[index - 1];
      if (better === undefined) continue;
      expect(isWorse(level, better)).toBe(true);
      expect(featuresOffAt(level)).toEqual(expect.arrayContaining([...featuresOffAt(better)]));
      expect(LEVEL_FACTS[level].timeoutFactor).toBeGreaterThan(LEVEL_FACTS[better].timeoutFactor);
      expect(LEVEL_FACTS[level].cacheTtlMs).toBeGreaterThan(LEVEL_FACTS[better].cacheTtlMs);
    }
  });

  it("say of each feature where it still runs", () => {
    expect(isFeatureOn("swarm_intelligence", "limited")).toBe(true);
    expect(isFeatureOn("swarm_intelligence", "essential")).toBe(false);
    expect(isFeatureOn("webhook_notifications", "essential")).toBe(true);
    expect(isFeatureOn("webhook_notifications", "maintenance")).toBe(false);
  });
});

describe("the health score", () => {
  const dead = (name: string, weight: number, worstLevel: DegradationLevel): ComponentHealth => ({
    name,
    health: 0,
    weight,
    worstLevel,
  });

  it("is 1 when every component is well", () => {
    expect(scoreComponents([{ ...dead("redis", 0.6, "essential"), health: 1 }])).toEqual({ score: 1, reasons: [] });
  });

  it("never falls below the worst level that a failing component may cause", () => {
    const { score } = scoreComponents([dead("redis", 0.6, "essential"), dead("flags", 0.5, "essential")]);
    expect(levelForScore(score)).toBe("essential");
    expect(levelForScore(scoreComponents([dead("provider", 0.9, "limited")]).score)).toBe("limited");
    expect(levelForScore(scoreComponents([dead("orchestrator", 1, "maintenance")]).score)).toBe("maintenance");
  });

  it("names what took from it, the heaviest first", () => {
    const half = { ...dead("flags", 0.5, "essential"), health: 0.5 };
    expect(scoreComponents([half, dead("redis", 0.6, "essential")]).reasons).toEqual([
      { component: "redis", deduction: 0.6 },
      { component: "flags", deduction: 0.25 },
    ]);
  });
});
