import { afterAll, beforeAll, expect, it } from "vitest";
import { runFuzz } from "../src/fuzz/run-fuzz.js";
import { startFuzzStack } from "../src/fuzz/start-fuzz-stack.js";

const CASES = 3_000;
/** Changed by hand when the generators change; the long run draws its own. */
const SEED = 20_240;

let mesh: Awaited<ReturnType<typeof startFuzzStack>>;

beforeAll(async () => {
  mesh = await startFuzzStack();
});

afterAll(() => mesh.stop());

it(
  "answers random and mutated frames and requests with a code or a clean close, and keeps nothing of them",
  { timeout: 120_000 },
  async () => {
    const { tally, left, died } = await runFuzz({ stack: mesh.stack, cases: CASES, seed: SEED });
    expect(tally.violations).toEqual([]);
    expect(tally.cases).toBeGreaterThanOrEqual(CASES);
    expect(died).toEqual([]);
    expect(left).toEqual({ connections: 0, viewers: 0, session_feeds: 0, buffered_bytes: 0 });
  },
);
