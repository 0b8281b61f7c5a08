import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { FakeGateway } from "../../client/test/fake-gateway.js";
import { accepted, completed, delta, started } from "../../client/test/frames.js";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

it("answers what is piped into it and exits with 0", async () => {
  const gateway = await FakeGateway.start();
  try {
    const chat = spawn(process.execPath, [MAIN, "--url", gateway.url, "--session", "s1", "--model", "fake/model"]);
    const printed = text(chat.stdout);
    const exited = once(chat, "exit");
    chat.stdin.end("hello\n/quit\nnever sent\n");
    const connection = await gateway.nextConnection();
    const { turnId, options } = await connection.next("turn.start");
    expect(options).toEqual({ model: "fake/model" });
    connection.send(accepted(turnId), started(turnId), delta(turnId, 1, 0, "Hi "), delta(turnId, 1, 3, "there"));
    connection.send(completed(turnId, 1, "Hi there"));
    expect(await exited).toEqual([0, null]);
    expect(await printed).toMatch(/^Hi there\nfake\/model · 12 ms/);
    expect(connection.received).toHaveLength(1);
  } finally {
    await gateway.stop();
  }
});

it("says what is wrong with an argument, and exits with 2", async () => {
  const chat = spawn(process.execPath, [MAIN, "--colour"]);
  const printed = text(chat.stderr);
  expect(await once(chat, "exit")).toEqual([2, null]);
  expect(await printed).toContain("'--colour'");
});
