import { startStack, type Stack } from "@ai-orchestra/stack";
import { eventually, makeTokens, startUpstream, type Upstream } from "@ai-orchestra/testkit";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, type OrchestraClient, type TurnFrame } from "../src/index.js";

let dataDir = "";
let upstream: Upstream;
let stack: Stack;
let client: OrchestraClient;

const gatewayUrls = (): string[] =>
  stack.services.flatMap(({ name, url }) => (name === "gateway" && url !== undefined ? [url] : []));

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "client-stack-"));
  upstream = await startUpstream();
  const env = { OPENAI_API_KEY: "test", OPENAI_BASE_URL: upstream.url, ORCHESTRA_DEFAULT_MODEL: "openai/test-model" };
  stack = await startStack({ dataDir, replicas: { gateway: 2, orchestrator: 2 }, env });
  client = createClient({ url: gatewayUrls(), reconnect: { baseDelayMs: 20, maxDelayMs: 500 } });
});

afterAll(async () => {
  client.close();
  await stack.stop();
  await upstream.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function readAll(turn: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of turn) text += chunk;
  return text;
}

it("streams answers that the session's history remembers", async () => {
  upstream.respondWith({ tokens: ["Good ", "morning"] });
  const turn = client.chat({ text: "hello", sessionId: "greeting" });
  expect(await readAll(turn)).toBe("Good morning");
  expect(await turn.completed).toMatchObject({ output: { text: "Good morning" }, finishReason: "stop" });
  await eventually(async () => {
    const { items } = await client.sessions.messages("greeting");
    expect(items.map(({ role, text }) => `${role}: ${text}`)).toEqual(["user: hello", "assistant: Good morning"]);
  });
  const { items: sessions } = await client.sessions.list();
  expect(sessions.map(({ sessionId }) => sessionId)).toContain("greeting");
  await client.sessions.delete("greeting");
  await expect(client.sessions.get("greeting")).rejects.toMatchObject({ code: "not_found" });
});

it("shows a turn to another client that attaches to its session", async () => {
  upstream.respondWith({ tokens: 20, tokenMs: 20 });
  const other = createClient({ url: gatewayUrls().toReversed() });
  try {
    await other.connect();
    const seen: TurnFrame[] = [];
    const ended = new Promise<void>((resolve) => {
      other.attach("shared", (frame) => {
        seen.push(frame);
        if (frame.type === "turn.completed") resolve();
      });
    });
    const turn = client.chat({ text: "hello", sessionId: "shared" });
    await ended;
    const text = seen.flatMap((frame) => (frame.type === "turn.delta" ? [frame.text] : [])).join("");
    expect(text).toBe(await turn.text);
    expect(text).toBe(makeTokens(20).join(""));
  } finally {
    other.close();
  }
});

it("cancels a running turn and keeps what it said", async () => {
  upstream.respondWith({ tokens: 1_000, tokenMs: 20 });
  const turn = client.chat("hello");
  let text = "";
  for await (const chunk of turn) {
    text += chunk;
    turn.cancel();
  }
  await expect(turn.text).rejects.toMatchObject({ code: "cancelled", partialText: text });
});

it.each([
  ["stream.mjs", /t0 t1 t2 \nopenai\/test-model, \d+ ms/],
  ["conversation.mjs", /^user: My name is Ada\.\nassistant: t0 t1 t2 \n/],
  ["attach.mjs", /^t0 t1 t2 \n$/],
  ["errors.mjs", /connection: open\n(cancelled|answered: .*)\nnot_found\nconnection: closed\n$/],
])("runs the example %s", async (example, output) => {
  upstream.respondWith({ tokens: 3 });
  const path = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, stack.url], { timeout: 20_000 });
  expect(stdout).toMatch(output);
});

it("uses the WebSocket of the runtime where there is one", async () => {
  upstream.respondWith({ tokens: 3 });
  const path = fileURLToPath(new URL("../examples/stream.mjs", import.meta.url));
  const args = ["--experimental-websocket", path, stack.url];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toContain("t0 t1 t2 ");
});

it("gets every answer whole while a gateway and an orchestrator are killed", async () => {
  const answer = makeTokens(100).join("");
  upstream.respondWith({ tokens: 100, tokenMs: 30 });
  const turns = Array.from({ length: 20 }, () => client.chat("hello"));
  const texts = turns.map((turn) => readAll(turn));
  await Promise.all(turns.map((turn) => turn.accepted));
  await turns[0]?.[Symbol.asyncIterator]().next();
  const { state } = client;
  const index = gatewayUrls().findIndex((url) => state.status === "open" && state.url.includes(new URL(url).host));
  stack.service("gateway", index).kill("SIGKILL");
  stack.service("orchestrator").kill("SIGKILL");
  expect(await Promise.all(texts)).toEqual(turns.map(() => answer));
  expect(await Promise.all(turns.map((turn) => turn.text))).toEqual(turns.map(() => answer));
});
