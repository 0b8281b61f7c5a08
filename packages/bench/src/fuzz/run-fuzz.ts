import type { Stack } from "@ai-orchestra/stack";
import { readResidentBytes } from "../process-usage.js";
import { FuzzTally } from "./fuzz-tally.js";
import { fuzzFrames } from "./fuzz-frames.js";
import { fuzzRequests } from "./fuzz-requests.js";
import { readGauges } from "./read-gauges.js";

/** What must be back to nothing once every client has left. */
const GAUGES = ["connections", "viewers", "session_feeds", "buffered_bytes"] as const;
const LANES = 8;
/** Of ten cases, how many are frames. */
const FRAMES_OF_TEN = 8;
const SETTLE_TIMEOUT_MS = 30_000;

export interface FuzzReport {
  readonly tally: FuzzTally;
  /** Resident bytes of the gateway after a quarter of the cases, and after all of them. */
  readonly residentBytes: { readonly early: number; readonly late: number };
  /** What the gateway still holds of its clients. */
  readonly left: Readonly<Record<string, number>>;
  /** Instances that died meanwhile. */
  readonly died: readonly string[];
}

/** Fuzzes the first gateway of a stack with frames and requests. The same seed sends the same. */
export async function runFuzz(o: { stack: Stack; cases: number; seed: number }): Promise<FuzzReport> {
  const { stack, cases, seed } = o;
  const tally = new FuzzTally();
  const gateway = stack.service("gateway");
  await fuzzOnce(stack.url, Math.ceil(cases / 4), seed, tally);
  const early = readResidentBytes(gateway.pid);
  await fuzzOnce(stack.url, cases - Math.ceil(cases / 4), seed + cases, tally);
  const left = await waitUntilEmpty(gateway.opsUrl);
  const late = readResidentBytes(gateway.pid);
  const died = stack.services.filter(({ restarts }) => restarts > 0).map(({ instance }) => instance);
  return { tally, residentBytes: { early, late }, left, died };
}

async function fuzzOnce(url: string, cases: number, seed: number, tally: FuzzTally): Promise<void> {
  const share = Math.ceil(cases / LANES);
  const frames = Math.ceil((share * FRAMES_OF_TEN) / 10);
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      const common = { url, tally, seed: seed + lane * share };
      await Promise.all([fuzzFrames({ ...common, cases: frames }), fuzzRequests({ ...common, cases: share - frames })]);
    }),
  );
}

async function waitUntilEmpty(opsUrl: string): Promise<Record<string, number>> {
  const giveUpAt = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const gauges = await readGauges(opsUrl, GAUGES);
    if (Object.values(gauges).every((value) => value === 0) || performance.now() > giveUpAt) return gauges;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
