import { expect, test } from "vitest";
import { z } from "zod";
import type { BusMessage } from "../src/index.js";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();

test("delivers JSON and bytes to every subscriber of a subject or pattern, in order", async () => {
  const [bus, other] = await Promise.all([nats.connect(), nats.connect()]);
  const subject = nats.uniqueName("events");
  const done = createGate();
  const seen: string[] = [];
  other.subscribe(`${subject}.*`, (message) => {
    seen.push(`${message.subject} ${message.text()}`);
    if (seen.length === 3) done.open();
  });
  await other.flush();
  bus.publish(`${subject}.a`, { n: 1 });
  bus.publish(`${subject}.b`, new TextEncoder().encode("raw"));
  bus.publish(`${subject}.c`, "text");
  await done.opened;
  expect(seen).toEqual([`${subject}.a {"n":1}`, `${subject}.b raw`, `${subject}.c "text"`]);
});

test("parses JSON, validated where a schema is given", async () => {
  const bus = await nats.connect();
  const subject = nats.uniqueName("events");
  const received = createGate<BusMessage>();
  bus.subscribe(subject, received.open);
  bus.publish(subject, { n: 1 });
  const message = await received.opened;
  expect(message.json()).toEqual({ n: 1 });
  expect(message.json(z.object({ n: z.number() }))).toEqual({ n: 1 });
  expect(() => message.json(z.object({ n: z.string() }))).toThrow(z.ZodError);
});

test("gives a message to one member of a queue group", async () => {
  const bus = await nats.connect();
  const subject = nats.uniqueName("jobs");
  let received = 0;
  for (let member = 0; member < 3; member += 1) {
    bus.subscribe(subject, () => void (received += 1), { queue: "workers" });
  }
  for (let n = 0; n < 30; n += 1) bus.publish(subject, { n });
  await bus.flush();
  await bus.flush();
  expect(received).toBe(30);
});

test("hears nothing after unsubscribe", async () => {
  const bus = await nats.connect();
  const subject = nats.uniqueName("events");
  let received = 0;
  const subscription = bus.subscribe(subject, () => void (received += 1));
  bus.publish(subject, 1);
  await bus.flush();
  subscription.unsubscribe();
  subscription.unsubscribe();
  bus.publish(subject, 2);
  await bus.flush();
  expect(received).toBe(1);
});

test("survives a handler that throws", async () => {
  const errors: string[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (_fields: object, text: string) => void errors.push(text) };
  const bus = await nats.connect({ logger });
  const subject = nats.uniqueName("events");
  const second = createGate();
  bus.subscribe(subject, (message) => {
    if (message.text() === "1") throw new Error("not this one");
    second.open();
  });
  bus.publish(subject, 1);
  bus.publish(subject, 2);
  await second.opened;
  expect(errors).toEqual(["a message handler failed"]);
});

test("refuses a message above the limit and goes on", async () => {
  const bus = await nats.connect();
  const subject = nats.uniqueName("events");
  expect(() => bus.publish(subject, new Uint8Array(bus.maxPayloadBytes + 1))).toThrow(
    expect.objectContaining({ code: "too_large" }),
  );
  bus.publish(subject, new Uint8Array(bus.maxPayloadBytes));
  await bus.flush();
});

test("drains once, however often it is asked, and refuses everything afterwards", async () => {
  const bus = await nats.connect();
  const subject = nats.uniqueName("events");
  await Promise.all([bus.drain(), bus.drain()]);
  await bus.drain();
  expect(bus.status).toBe("closed");
  expect(() => bus.publish(subject, 1)).toThrow(expect.objectContaining({ code: "unavailable" }));
  expect(() => bus.subscribe(subject, () => undefined)).toThrow(expect.objectContaining({ code: "unavailable" }));
  await expect(bus.flush()).rejects.toMatchObject({ code: "unavailable" });
});
