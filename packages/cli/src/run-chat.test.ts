import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { FakeGateway, type FakeConnection } from "../../client/test/fake-gateway.js";
import { accepted, cancelled, completed, delta, failed, started } from "../../client/test/frames.js";
import { runChat } from "./run-chat.js";

const gateways: FakeGateway[] = [];

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

async function startChat(o: {
  lines?: string;
  interactive?: boolean;
  onRequest?: FakeGateway["options"]["onRequest"];
}) {
  const gateway = await FakeGateway.start({ onRequest: o.onRequest });
  gateways.push(gateway);
  const [input, output] = [new PassThrough(), new PassThrough()];
  if (o.lines !== undefined) input.end(o.lines);
  const setup = { urls: [gateway.url], token: undefined, model: undefined, sessionId: "s1" };
  const terminal = { input, output, interactive: o.interactive ?? false, colour: false };
  const exitCode = runChat(setup, terminal).finally(() => output.end());
  const printed = text(output);
  return { gateway, input, exitCode, printed };
}

async function answer(connection: FakeConnection, words: string): Promise<void> {
  const { turnId } = await connection.next("turn.start");
  connection.send(accepted(turnId), started(turnId), delta(turnId, 1, 0, words), completed(turnId, 1, words));
}

describe("runChat", () => {
  it("answers piped lines in turn and leaves with 0 after the last answer", async () => {
    const { gateway, exitCode, printed } = await startChat({ lines: "one\n\n/model big\ntwo\n" });
    const connection = await gateway.nextConnection();
    const first = await connection.next("turn.start");
    expect(first).toMatchObject({ sessionId: "s1", input: { text: "one" }, options: {} });
    connection.send(accepted(first.turnId), started(first.turnId), delta(first.turnId, 1, 0, "1st"));
    expect(connection.received).toHaveLength(1);
    connection.send(completed(first.turnId, 1, "1st answer"));
    const second = await connection.next("turn.start");
    expect(second).toMatchObject({ sessionId: "s1", input: { text: "two" }, options: { model: "big" } });
    connection.send(accepted(second.turnId), completed(second.turnId, 1, "2nd answer"));
    expect(await exitCode).toBe(0);
    const fact = "fake/model · 12 ms · first token 3 ms · 1 + 1 tokens (estimated)";
    expect(await printed).toBe(`1st answer\n${fact}\nmodel: big\n2nd answer\n${fact}\n`);
  });

  it("says when the connection drops and comes back, and finishes the answer", async () => {
    const { gateway, exitCode, printed } = await startChat({ lines: "hello\n" });
    const first = await gateway.nextConnection();
    const { turnId } = await first.next("turn.start");
    first.send(accepted(turnId), started(turnId), delta(turnId, 1, 0, "Hel"));
    first.send({ type: "drain", reconnectAfterMs: 0 });
    const second = await gateway.nextConnection();
    await second.next("turn.resume");
    second.kill();
    const third = await gateway.nextConnection();
    expect(await third.next("turn.resume")).toMatchObject({ turnId, attempt: 1, position: 3 });
    third.send(delta(turnId, 1, 3, "lo"), completed(turnId, 1, "Hello"));
    expect(await exitCode).toBe(0);
    expect(await printed).toMatch(/^Hel\nreconnecting…\nback\nlo\nfake\/model/);
  });

  it("marks an answer that begins anew", async () => {
    const { gateway, exitCode, printed } = await startChat({ lines: "hello\n" });
    const connection = await gateway.nextConnection();
    const { turnId } = await connection.next("turn.start");
    connection.send(accepted(turnId), started(turnId), delta(turnId, 1, 0, "Hel"), started(turnId, 2));
    connection.send(delta(turnId, 2, 0, "Bye"), completed(turnId, 2, "Bye"));
    expect(await exitCode).toBe(0);
    expect(await printed).toMatch(/Bye\nfake\/model .* · attempt 2\n$/);
  });

  it("prints why a turn failed and goes on with the next", async () => {
    const { gateway, exitCode, printed } = await startChat({ lines: "one\ntwo\n" });
    const connection = await gateway.nextConnection();
    const { turnId } = await connection.next("turn.start");
    connection.send(accepted(turnId), failed(turnId, "half"));
    await answer(connection, "whole");
    expect(await exitCode).toBe(0);
    expect(await printed).toMatch(/^half\nprovider_unavailable: .*try again in 1 s\)\nwhole\n/);
  });

  it("cancels the running answer on /cancel at a terminal, and leaves on /quit", async () => {
    const { gateway, input, exitCode, printed } = await startChat({ interactive: true });
    const connection = await gateway.nextConnection();
    input.write("hello\n");
    const { turnId } = await connection.next("turn.start");
    connection.send(accepted(turnId), started(turnId), delta(turnId, 1, 0, "Hel"));
    input.write("/cancel\n");
    await connection.next("turn.cancel");
    connection.send(cancelled(turnId, "Hel"));
    input.write("/quit\n");
    expect(await exitCode).toBe(0);
    expect(await printed).toContain("Hel");
  });

  it("cancels the running answer on Ctrl-C and leaves on the next", async () => {
    const { gateway, input, exitCode } = await startChat({ interactive: true });
    const connection = await gateway.nextConnection();
    input.write("hello\n");
    const { turnId } = await connection.next("turn.start");
    connection.send(accepted(turnId), started(turnId));
    input.write("\u0003");
    await connection.next("turn.cancel");
    connection.send(cancelled(turnId, ""));
    input.write("next\n");
    await answer(connection, "fine");
    input.write("/new\n");
    input.write("third\n");
    const third = await connection.next("turn.start");
    expect(third.sessionId).toMatch(/^chat-/);
    connection.send(accepted(third.turnId), completed(third.turnId, 1, "ok"));
    input.end();
    expect(await exitCode).toBe(0);
  });

  it("shows the history and the conversations", async () => {
    const at = "2030-01-01T00:00:00.000Z";
    const history = [
      { turnId: "t", role: "user", text: "hello", status: "completed", createdAt: at },
      { turnId: "t", role: "assistant", text: "hi", status: "completed", model: "m", createdAt: at },
    ];
    const sessions = [{ sessionId: "s1", createdAt: at, updatedAt: at, turns: 1, messages: 2, bytes: 7 }];
    const { exitCode, printed } = await startChat({
      lines: "/history\n/sessions\n/nonsense\n",
      onRequest: ({ url }, response) => {
        response.end(JSON.stringify({ items: url?.includes("messages") === true ? history : sessions }));
      },
    });
    expect(await exitCode).toBe(0);
    expect(await printed).toBe(
      `you\nhello\nm\nhi\ns1  2 messages, last ${at} (this one)\nno such command: /nonsense; /help lists them\n`,
    );
  });

  it("leaves with 1 when the server shuts it out", async () => {
    const { gateway, exitCode, printed } = await startChat({ lines: "hello\n" });
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    connection.close(4502);
    expect(await exitCode).toBe(1);
    expect(await printed).toBe("unauthorized: the token was refused (4502)\n");
  });
});
