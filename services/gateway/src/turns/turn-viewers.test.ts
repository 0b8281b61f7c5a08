import { connectBus, openTurnResults, type Bus, type ResultStore } from "@ai-orchestra/bus";
import { subjects, turnControl, type ServerFrame, type TurnKey, type TurnResult } from "@ai-orchestra/contracts";
import { createManualClock, type ManualClock } from "@ai-orchestra/service-kit";
import { startNatsServer } from "@ai-orchestra/stack";
import { eventually } from "@ai-orchestra/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createCatchUp, type CatchUpTrigger } from "./catch-up.js";
import { ConcurrencySlots } from "./concurrency-slots.js";
import { createExpireTurn } from "./expire-turn.js";
import { createRecallResult } from "./recall-result.js";
import { SessionFeeds } from "./session-feeds.js";
import type { TurnViewer, ViewerEnd } from "./turn-viewer.js";
import { TurnViewers } from "./turn-viewers.js";

const owner = "0123456789abcdef";

let bus: Bus;
let results: ResultStore<TurnResult>;
let clock: ManualClock;
let viewers: TurnViewers;
let asked: CatchUpTrigger[];
let turnsSoFar = 0;

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "viewers-"));
  const nats = await startNatsServer({ dataDir });
  bus = await connectBus({ servers: [nats.url], name: "turn-viewers" });
  results = await openTurnResults(bus);
  return async () => {
    await bus.drain();
    await nats.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
});

beforeEach(() => {
  clock = createManualClock();
  viewers = createViewers();
  viewers.start();
});

afterEach(() => viewers.stop());

function createViewers(): TurnViewers {
  asked = [];
  const now = () => clock.now();
  return new TurnViewers({
    bus,
    feeds: new SessionFeeds({ bus }),
    catchUp: createCatchUp({
      bus,
      results,
      recall: createRecallResult({ bus }),
      slots: new ConcurrencySlots(4),
      onCatchUp: (trigger) => asked.push(trigger),
      onError: (error) => {
        throw error;
      },
    }),
    expire: createExpireTurn({ bus, results, now }),
    clock,
  });
}

function watch(options: { deadlineAt?: number; key?: TurnKey; of?: TurnViewers } = {}) {
  const key = options.key ?? { owner, sessionId: "s", turnId: `t${(turnsSoFar += 1)}` };
  const frames: ServerFrame[] = [];
  const ends: ViewerEnd[] = [];
  const viewer = (options.of ?? viewers).open({
    key,
    deadlineAt: options.deadlineAt,
    deliver: (frame) => {
      frames.push(frame);
      return true;
    },
    onEnd: (end) => ends.push(end),
  });
  viewer.release();
  return { key, frames, ends, viewer };
}

/** Lets seconds pass, each until the viewer has its answer. */
async function pass(seconds: number, viewer: TurnViewer): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1_000);
    await eventually(() => expect(viewer.state).not.toBe("holding"));
  }
}

test("a viewer that hears nothing for five seconds asks, and again five seconds later", async () => {
  const { viewer } = watch({ deadlineAt: clock.now() + 60_000 });
  clock.advance(4_000);
  expect(asked).toEqual([]);
  clock.advance(1_000);
  expect(asked).toEqual(["silence"]);
  await eventually(() => expect(viewer.state).toBe("live"));
  clock.advance(5_000);
  expect(asked).toEqual(["silence", "silence"]);
  viewer.leave();
  expect(viewers.size).toBe(0);
});

test("an overdue turn ends as timed out, once, for every viewer of every gateway", async () => {
  const one = watch({ deadlineAt: clock.now() + 1_000 });
  const ofAnotherGateway = watch({ key: one.key, of: createViewers() });
  await pass(16, one.viewer);
  expect(one.ends).toEqual([]);
  await pass(1, one.viewer);
  await eventually(() => expect(ofAnotherGateway.ends).toMatchObject([{ kind: "terminal" }]));
  expect(one.frames).toMatchObject([{ type: "turn.failed", code: "timeout", retryable: true }]);
  expect(ofAnotherGateway.frames).toEqual(one.frames);
  expect((await results.get(subjects.turnResult(one.key)))?.value.frame).toEqual(one.frames[0]);
});

test("an overdue turn that ended after all shows how", async () => {
  const { key, frames, ends, viewer } = watch({ deadlineAt: clock.now() + 1_000 });
  await pass(16, viewer);
  const { sessionId, turnId } = key;
  const frame = { type: "turn.cancelled" as const, turnId, sessionId, partialText: "ab" };
  await results.put(subjects.turnResult(key), {
    ...key,
    attempt: 1,
    order: 1,
    stateless: false,
    to: 2,
    segments: [[0, 2]],
    frame,
    submittedAt: 0,
    finishedAt: 0,
  });
  await pass(1, viewer);
  await eventually(() => expect(ends).toEqual([{ kind: "terminal", frame }]));
  expect(frames).toEqual([frame]);
});

test("who does not know the deadline decides nothing: it is told that nothing is known", async () => {
  const { key, ends, frames, viewer } = watch();
  await pass(615, viewer);
  expect(ends).toEqual([]);
  await pass(1, viewer);
  expect(ends).toMatchObject([{ kind: "lost", error: { code: "not_found" } }]);
  expect(frames).toEqual([]);
  expect(await results.get(subjects.turnResult(key))).toBeUndefined();
});

test("a sign of life moves an assumed deadline on", async () => {
  const { key, ends, viewer } = watch();
  const say = () =>
    bus.publish(subjects.turnEvents(key), {
      type: "turn.delta",
      turnId: key.turnId,
      attempt: 0,
      from: 0,
      to: 0,
      text: "",
    });
  for (let step = 0; step < 5; step += 1) {
    say();
    await eventually(() => expect(viewer.heard).toBe(true));
    await pass(60, viewer);
  }
  expect(ends).toEqual([]);
  viewer.leave();
});

test("what comes while the producer is asked is kept, and neither lost nor shown twice", async () => {
  const { key, frames, viewer } = watch({ deadlineAt: clock.now() + 60_000 });
  const { turnId, sessionId } = key;
  const delta = (from: number, text: string) =>
    ({ type: "turn.delta", turnId, attempt: 1, from, to: from + text.length, text }) as const;
  const started = { type: "turn.started", turnId, sessionId, attempt: 1, model: "m", mode: "auto" } as const;
  const contract = turnControl(key);
  const producer = bus.serve(contract, () => {
    for (const event of [delta(0, "ab"), delta(2, "cd"), delta(4, "ef")]) bus.publish(subjects.turnEvents(key), event);
    return { status: "running" as const, attempt: 1, position: 4, more: false, events: [started, delta(0, "abcd")] };
  });
  await bus.flush();
  bus.publish(subjects.turnEvents(key), delta(0, "ab"));
  await eventually(() => expect(frames).toHaveLength(3));
  expect(asked).toEqual(["gap"]);
  expect(frames).toEqual([started, delta(0, "abcd"), delta(4, "ef")]);
  viewer.leave();
  await producer.stop();
});
