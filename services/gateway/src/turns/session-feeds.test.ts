import { connectBus, type Bus } from "@ai-orchestra/bus";
import { subjects } from "@ai-orchestra/contracts";
import { startNatsServer } from "@ai-orchestra/stack";
import { eventually } from "@ai-orchestra/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { SessionFeeds } from "./session-feeds.js";

const owner = "0123456789abcdef";
const session = { owner, sessionId: "s" };

let bus: Bus;
let feeds: SessionFeeds;

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "feeds-"));
  const nats = await startNatsServer({ dataDir });
  bus = await connectBus({ servers: [nats.url], name: "session-feeds" });
  return async () => {
    await bus.drain();
    await nats.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
});

beforeEach(() => {
  feeds = new SessionFeeds({ bus });
});

const say = (turnId: string, stage: string) =>
  bus.publish(subjects.turnEvents({ ...session, turnId }), {
    type: "turn.status",
    turnId,
    attempt: 1,
    from: 0,
    to: 1,
    stage,
  });

test("tells each listener the events of its turn, and a session's listener all of them", async () => {
  const heard: string[] = [];
  const listenTo = (name: string, turnId?: string) =>
    feeds.listen({ ...session, ...(turnId === undefined ? {} : { turnId }) }, (broadcast) =>
      heard.push(`${name}:${broadcast.turnId}`),
    );
  const stops = [listenTo("one", "a"), listenTo("two", "a"), listenTo("other", "b"), listenTo("session")];
  say("a", "x");
  say("b", "x");
  await eventually(() => expect(heard).toEqual(["one:a", "two:a", "session:a", "other:b", "session:b"]));
  for (const stop of stops) stop();
});

test("hands on the event and its bytes, parsed once for all", async () => {
  const events: unknown[] = [];
  const stops = [1, 2].map(() =>
    feeds.listen({ ...session, turnId: "a" }, ({ event, bytes }) => events.push(event, bytes)),
  );
  say("a", "thinking");
  await eventually(() => expect(events).toHaveLength(4));
  expect(events[0]).toBe(events[2]);
  expect(JSON.parse(Buffer.from(events[1] as Uint8Array).toString())).toEqual(events[0]);
  for (const stop of stops) stop();
});

test("is subscribed to a session for as long as somebody listens, and no longer", async () => {
  const heard: string[] = [];
  const first = feeds.listen({ ...session, turnId: "a" }, ({ event }) => heard.push(event.type));
  const second = feeds.listen(session, () => undefined);
  expect(feeds.size).toBe(1);
  second();
  second();
  expect(feeds.size).toBe(1);
  say("a", "x");
  await eventually(() => expect(heard).toHaveLength(1));
  first();
  expect(feeds.size).toBe(0);
  say("a", "unheard");
  await bus.flush();
  expect(heard).toHaveLength(1);
});

test("lets a listener end itself and another begin while an event is told", async () => {
  const heard: string[] = [];
  const stop = feeds.listen({ ...session, turnId: "a" }, () => {
    stop();
    const next = feeds.listen({ ...session, turnId: "a" }, () => {
      next();
      heard.push("next");
    });
    heard.push("first");
  });
  say("a", "x");
  await eventually(() => expect(heard).toEqual(["first"]));
  say("a", "x");
  await eventually(() => expect(heard).toEqual(["first", "next"]));
  expect(feeds.size).toBe(0);
});
