import { flagDefinitionSchema } from "@ai-orchestra/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate } from "../evaluate.js";
import { FlagSet } from "../flag-set.js";
import { BUCKET_COUNT, bucketOf } from "./bucket.js";

const USERS = Array.from({ length: 100_000 }, (_, index) => `user-${index}`);
const flagKeys = fc.stringMatching(/^[a-z][a-z0-9_-]{0,30}$/).filter((key) => !["export", "import"].includes(key));
/** Shares are measured over 100 000 users, so few flags are enough. */
const FEW = { numRuns: 8 };

function shareOf(percentage: number, flagKey: string): number {
  const flagSet = new FlagSet({ now: () => 0 });
  flagSet.put(
    flagDefinitionSchema.parse({
      key: flagKey,
      status: "conditional",
      rollout: { strategy: "percentage", percentage },
    }),
    1,
  );
  return (
    USERS.filter((targetingKey) => evaluate(flagSet, flagKey, { targetingKey }).value === true).length / USERS.length
  );
}

describe("the sticky share", () => {
  test.each([1, 10, 50, 99])("of %d percent is that of 100 000 users, within one percent", (percentage) => {
    fc.assert(
      fc.property(flagKeys, (flagKey) => {
        expect(Math.abs(shareOf(percentage, flagKey) * 100 - percentage)).toBeLessThan(1);
      }),
      FEW,
    );
  });

  test("only grows: who is in at a lower percentage is in at every higher one", () => {
    const percentages = fc.integer({ min: 0, max: BUCKET_COUNT }).map((steps) => steps / 1_000);
    fc.assert(
      fc.property(flagKeys, fc.string({ minLength: 1, maxLength: 40 }), percentages, percentages, (key, user, p, q) => {
        const isIn = (percentage: number): boolean => {
          const flagSet = new FlagSet({ now: () => 0 });
          const rollout = { strategy: "percentage", percentage };
          flagSet.put(flagDefinitionSchema.parse({ key, status: "conditional", rollout }), 1);
          return evaluate(flagSet, key, { targetingKey: user }).value === true;
        };
        if (isIn(Math.min(p, q))) expect(isIn(Math.max(p, q))).toBe(true);
      }),
    );
  });

  test("of one flag says nothing about another", () => {
    fc.assert(
      fc.property(flagKeys, flagKeys, (one, other) => {
        fc.pre(one !== other);
        const half = BUCKET_COUNT / 2;
        const both = USERS.filter((user) => bucketOf(one, user) < half && bucketOf(other, user) < half).length;
        expect(Math.abs(both / USERS.length - 0.25)).toBeLessThan(0.01);
      }),
      FEW,
    );
  });
});
