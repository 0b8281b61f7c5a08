import { parseArgs } from "node:util";
import { runFuzz } from "./run-fuzz.js";
import { startFuzzStack } from "./start-fuzz-stack.js";

/**
 * Random and mutated frames and requests against a running gateway. Ends with 1 when a process died, an answer was not
 * one of the protocol's, something was left of the clients, or memory grew by more than half.
 */
const MAX_GROWTH = 1.5;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "200000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

const { stack, stop } = await startFuzzStack();
try {
  const startedAt = performance.now();
  console.log(`${values.cases} cases, seed ${values.seed}`);
  const { tally, residentBytes, left, died } = await runFuzz({
    stack,
    cases: Number(values.cases),
    seed: Number(values.seed),
  });
  for (const [kind, count] of tally.answers) console.log(`${String(count).padStart(8)}  ${kind}`);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { early, late } = residentBytes;
  console.log(`${tally.cases} cases in ${seconds.toFixed(0)} s`);
  console.log(`gateway: ${(early / 1e6).toFixed(1)} MB after a quarter, ${(late / 1e6).toFixed(1)} MB at the end`);
  console.log(`left of the clients: ${JSON.stringify(left)}; died: ${died.join(", ") || "nobody"}`);
  for (const violation of tally.violations) console.log(violation);
  const isClean = tally.violations.length === 0 && died.length === 0 && late / early < MAX_GROWTH;
  process.exitCode = isClean && Object.values(left).every((value) => value === 0) ? 0 : 1;
} finally {
  await stop();
}
