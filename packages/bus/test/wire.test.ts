import { expect, test } from "vitest";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();

test("text and bytes of any size keep their order and content", async () => {
  const [bus, other] = await Promise.all([nats.connect(), nats.connect()]);
  const subject = nats.uniqueName("wire");
  const done = createGate();
  const seen: Buffer[] = [];
  other.subscribe(subject, (message) => {
    seen.push(Buffer.from(message.bytes));
    if (seen.length === 200) done.open();
  });
  await other.flush();
  const sent: Buffer[] = [];
  for (let n = 0; n < 200; n += 1) {
    const text = `${n} é€😀 `.repeat((n * 37) % 400);
    if (n % 3 === 0) bus.publish(subject, Buffer.from(text));
    else bus.publish(subject, text);
    sent.push(Buffer.from(n % 3 === 0 ? text : JSON.stringify(text)));
    if (n % 50 === 0) await new Promise(setImmediate);
  }
  await done.opened;
  expect(seen).toEqual(sent);
});

test("a subscription is there before what is published after it, and a flush after what was published before", async () => {
  const bus = await nats.connect();
  for (let round = 0; round < 20; round += 1) {
    const subject = nats.uniqueName("wire");
    let heard = 0;
    bus.subscribe(subject, () => void (heard += 1));
    bus.publish(subject, round);
    await bus.flush();
    await bus.flush();
    expect(heard).toBe(1);
  }
});

test("what is published right before drain arrives", async () => {
  const [bus, other] = await Promise.all([nats.connect(), nats.connect()]);
  const subject = nats.uniqueName("wire");
  const last = createGate();
  other.subscribe(subject, (message) => {
    if (message.text() === "99") last.open();
  });
  await other.flush();
  for (let n = 0; n < 100; n += 1) bus.publish(subject, n);
  await bus.drain();
  await last.opened;
});

test("a subject that would break out of its line is refused", async () => {
  const bus = await nats.connect();
  for (const subject of ["", "a b", "a\r\nPUB b 0\r\n", "a\tb", "a\n"]) {
    expect(() => bus.publish(subject, 1)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  }
  await bus.flush();
});

test("lone surrogates do not upset the framing", async () => {
  const bus = await nats.connect();
  const subject = nats.uniqueName("wire");
  const texts: string[] = [];
  bus.subscribe(subject, (message) => void texts.push(message.text()));
  bus.publish(subject, { cut: "\ud83d" });
  bus.publish(subject, { whole: "😀" });
  await bus.flush();
  await bus.flush();
  expect(texts).toEqual(['{"cut":"\\ud83d"}', '{"whole":"😀"}']);
});
