import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, startMesh } from "./start-mesh.js";

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh();
});

afterAll(async () => {
  await mesh.stop();
});

it("remembers a conversation across a restart of everything", { timeout: 60_000 }, async () => {
  mesh.upstream.respondWith({ tokens: ["nice to meet you"] });
  const before = await FrameProbe.connect(mesh.stack.url);
  before.start("names-1", "my name is Ada", { sessionId: "names" });
  await before.terminal("names-1");
  before.close();
  await mesh.restart();
  const after = await FrameProbe.connect(mesh.stack.url);
  after.start("names-2", "what is my name?", { sessionId: "names" });
  await after.terminal("names-2");
  expect(mesh.upstream.requests.at(-1)?.messages.map((message) => message["content"])).toEqual([
    "my name is Ada",
    "nice to meet you",
    "what is my name?",
  ]);
  after.close();
});

it(
  "completes every turn while Redis is away for 10 s, and has each result once and in order after its return",
  { timeout: 120_000 },
  async () => {
    mesh.upstream.respondWith((request) => ({
      tokens: [`re: ${String(request.messages.at(-1)?.["content"])}`],
      firstTokenMs: 20,
    }));
    const probe = await FrameProbe.connect(mesh.stack.url);
    const turnIds: string[] = [];
    const ask = (index: number) => {
      const turnId = `outage-${index}`;
      turnIds.push(turnId);
      probe.start(turnId, `q${index}`, { sessionId: `outage-${index % 4}` });
      return probe.terminal(turnId, 30_000);
    };
    for (let index = 0; index < 8; index += 1) await ask(index);
    mesh.stack.redis.kill("SIGSTOP");
    const stoppedAt = Date.now();
    let index = 8;
    while (Date.now() - stoppedAt < 10_000) {
      await ask(index);
      index += 1;
    }
    mesh.stack.redis.kill("SIGCONT");
    for (const end = index + 8; index < end; index += 1) await ask(index);
    const terminals = turnIds.map((turnId) => probe.terminals(turnId));
    expect(terminals.every((frames) => frames.length === 1 && frames[0]?.type === "turn.completed")).toBe(true);
    const degraded = terminals.filter(([frame]) => frame?.type === "turn.completed" && frame.metadata.degraded);
    expect(degraded.length).toBeGreaterThan(0);
    for (let session = 0; session < 4; session += 1) {
      await eventually(
        async () => {
          const response = await fetch(`${mesh.stack.url}/v2/sessions/outage-${session}/messages?limit=200`);
          const { items } = (await response.json()) as { items: { turnId: string; role: string }[] };
          const expected = turnIds
            .filter((_, position) => position % 4 === session)
            .flatMap((turnId) => [turnId, turnId]);
          expect(items.map((item) => item.turnId)).toEqual(expected);
        },
        { timeoutMs: 20_000 },
      );
    }
    probe.close();
  },
);
