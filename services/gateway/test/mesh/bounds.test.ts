import { readFile, writeFile } from "node:fs/promises";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, startMesh } from "./start-mesh.js";

let mesh: Mesh;
let probe: FrameProbe;

beforeAll(async () => {
  mesh = await startMesh({ env: { LOG_LEVEL: "debug" } });
  probe = await FrameProbe.connect(mesh.stack.url);
});

afterAll(async () => {
  probe.close();
  await mesh.stop();
});

it("cuts an endless answer off at its limit, says so, and stops the upstream", async () => {
  mesh.upstream.respondWith({ tokens: Array.from({ length: 400 }, () => "x".repeat(1_024)), tokenMs: 1 });
  const before = mesh.upstream.requests.length;
  probe.start("endless-1", "go on");
  const terminal = await probe.terminal("endless-1", 30_000);
  expect(terminal).toMatchObject({ type: "turn.completed", finishReason: "length", metadata: { qualityScore: 0.7 } });
  const text = terminal.type === "turn.completed" ? terminal.output.text : "";
  expect(text).toHaveLength(262_144);
  expect(probe.streamedText("endless-1")).toBe(text);
  await mesh.upstream.requests[before]?.aborted();
});

it("carries every character of a large input and answer through the mesh and the history", async () => {
  const text = `${'"\\ \u0001\n é 漢 🎻 \ud800 '.repeat(4_000)}end`;
  mesh.upstream.respondWith((request) => ({ tokens: Array.from(String(request.messages.at(-1)?.["content"])) }));
  probe.start("unicode-1", text, { sessionId: "unicode" });
  const terminal = await probe.terminal("unicode-1", 30_000);
  expect(terminal).toMatchObject({ type: "turn.completed", finishReason: "stop" });
  expect(probe.streamedText("unicode-1")).toBe(terminal.type === "turn.completed" ? terminal.output.text : "");
  const items = await eventually(async () => {
    const response = await fetch(`${mesh.stack.url}/v2/sessions/unicode/messages`);
    expect(response.status).toBe(200);
    return ((await response.json()) as { items: { text: string }[] }).items;
  });
  expect(items[0]?.text.replaceAll("\ud800", "\ufffd")).toBe(text.replaceAll("\ud800", "\ufffd"));
});

it("logs no word of what users and models say, whatever goes wrong", async () => {
  mesh.upstream.respondWith({ tokens: ["answer-canary"], ending: "cut" });
  probe.start("quiet-1", "question-canary", { sessionId: "quiet" });
  await probe.terminal("quiet-1", 30_000);
  probe.send('{"type":"turn.start","turnId":"frame canary"');
  probe.send({ type: "turn.start", turnId: "not ok canary", input: { text: "frame-canary" } });
  await probe.next("error");
  const logs = await Promise.all(mesh.stack.services.map(({ logFile }) => readFile(logFile, "utf8")));
  expect(logs.join("\n")).not.toMatch(/canary/);
  expect(logs.join("\n")).toContain("quiet-1");
});

it("keeps the models it has when the models file breaks, and takes a good one over without a restart", async () => {
  const good = await readFile(mesh.modelsPath, "utf8");
  mesh.upstream.respondWith({ tokens: ["still here"] });
  await writeFile(mesh.modelsPath, good.replace("kind: openai", "kind: nonsense"));
  const orchestrator = mesh.stack.service("orchestrator");
  await eventually(async () => expect(await readFile(orchestrator.logFile, "utf8")).toMatch(/models file not usable/));
  expect(await readFile(orchestrator.logFile, "utf8")).toMatch(/"line":5/);
  probe.start("broken-file-1", "hello");
  expect(await probe.terminal("broken-file-1")).toMatchObject({ type: "turn.completed" });
  await writeFile(mesh.modelsPath, `${good.trimEnd()}\n      - name: second\n`);
  await eventually(async () => {
    const turnId = `second-${Date.now()}`;
    probe.start(turnId, "hello", { options: { model: "mock/second" } });
    expect(await probe.terminal(turnId)).toMatchObject({ type: "turn.completed", metadata: { model: "mock/second" } });
  });
});

it("gives a turn up when it took its orchestrator down three times", { timeout: 60_000 }, async () => {
  mesh.upstream.respondWith({ tokens: ["never", " done"], tokenMs: 60_000 });
  probe.start("poison-1", "die", { sessionId: "poison" });
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await eventually(
      () => expect(probe.ofTurn("poison-1").filter(({ type }) => type === "turn.started")).toHaveLength(attempt),
      { timeoutMs: 15_000 },
    );
    const orchestrator = mesh.stack.service("orchestrator");
    orchestrator.kill("SIGKILL");
    await orchestrator.waitReady();
  }
  expect(await probe.terminal("poison-1", 20_000)).toMatchObject({ type: "turn.failed", code: "attempts_exhausted" });
});
