import { expect, test } from "vitest";
import { MessageInbox } from "./message-inbox.js";
import type { SocketListener } from "./websocket-route.js";

function listen(heard: string[], name: string): SocketListener {
  const ignore = () => undefined;
  return {
    text: (message) => heard.push(`${name}:${message}`),
    binary: ignore,
    oversized: ignore,
    drained: ignore,
    tooSlow: ignore,
    closed: ignore,
  };
}

test("handles messages together and in order, after what is happening now", async () => {
  const heard: string[] = [];
  const inbox = new MessageInbox();
  const [one, other] = [listen(heard, "one"), listen(heard, "other")];
  inbox.push(one, "a");
  inbox.push(other, "b");
  inbox.push(one, "c");
  expect(heard).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(["one:a", "other:b", "one:c"]);
});

test("handles at once what waits when the order asks for it, and nothing twice", async () => {
  const heard: string[] = [];
  const inbox = new MessageInbox();
  inbox.push(listen(heard, "one"), "a");
  inbox.handleAll();
  expect(heard).toEqual(["one:a"]);
  inbox.push(listen(heard, "one"), "b");
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(["one:a", "one:b"]);
});
