import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, script, startMesh } from "./start-mesh.js";

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({ replicas: { orchestrator: 2, gateway: 2 } });
});

afterAll(async () => {
  await mesh.stop();
});

const connect = (gateway = 0) => FrameProbe.connect(mesh.stack.service("gateway", gateway).url ?? mesh.stack.url);

interface MessagePage {
  items: { turnId: string; role: string; text: string }[];
}

async function readHistory(sessionId: string): Promise<MessagePage["items"]> {
  const response = await fetch(`${mesh.stack.url}/v2/sessions/${sessionId}/messages`);
  if (!response.ok) throw new Error(`history of ${sessionId}: ${response.status}`);
  return ((await response.json()) as MessagePage).items;
}

describe("processes that die in mid-stream", () => {
  it(
    "completes all of 50 streams, each once and right, when an orchestrator is killed",
    { timeout: 60_000 },
    async () => {
      const { tokens, text } = script(60);
      mesh.upstream.respondWith({ tokens, tokenMs: 25 });
      const probe = await connect();
      const turnIds = Array.from({ length: 50 }, (_, index) => `kill-${index}`);
      for (const turnId of turnIds) probe.start(turnId, "tell");
      await Promise.all(turnIds.map((turnId) => probe.next("turn.delta", turnId)));
      const victim = mesh.stack.service("orchestrator", 0);
      const killedAt = Date.now();
      victim.kill("SIGKILL");
      const terminals = await Promise.all(turnIds.map((turnId) => probe.terminal(turnId, 20_000)));
      const recoveredMs = Date.now() - killedAt;
      for (const [index, turnId] of turnIds.entries()) {
        expect(terminals[index]).toMatchObject({ type: "turn.completed", output: { text } });
        expect(probe.streamedText(turnId)).toBe(text);
        expect(probe.terminals(turnId)).toHaveLength(1);
      }
      const restarted = turnIds.filter((turnId) =>
        probe.ofTurn(turnId).some((f) => f.type === "turn.started" && f.attempt > 1),
      );
      expect(restarted.length).toBeGreaterThan(0);
      expect(recoveredMs).toBeLessThan(10_000);
      await victim.waitReady();
      probe.close();
    },
  );

  it(
    "shows one terminal frame and commits once when an orchestrator is paused for 8 s and wakes up",
    { timeout: 60_000 },
    async () => {
      const { tokens, text } = script(100);
      mesh.upstream.respondWith({ tokens, tokenMs: 40 });
      const probe = await connect();
      const turnIds = Array.from({ length: 8 }, (_, index) => `pause-${index}`);
      for (const turnId of turnIds) probe.start(turnId, "tell", { sessionId: `${turnId}-s` });
      await Promise.all(turnIds.map((turnId) => probe.next("turn.delta", turnId)));
      const paused = mesh.stack.service("orchestrator", 1);
      paused.kill("SIGSTOP");
      await delay(8_000);
      paused.kill("SIGCONT");
      await Promise.all(turnIds.map((turnId) => probe.terminal(turnId, 30_000)));
      for (const turnId of turnIds) {
        await eventually(async () => expect(await readHistory(`${turnId}-s`)).toHaveLength(2));
        expect(probe.terminals(turnId)).toHaveLength(1);
        expect(probe.terminals(turnId)[0]).toMatchObject({ type: "turn.completed", output: { text } });
        expect(probe.streamedText(turnId)).toBe(text);
      }
      expect(
        turnIds.some((turnId) => probe.ofTurn(turnId).some((f) => f.type === "turn.started" && f.attempt > 1)),
      ).toBe(true);
      await paused.waitReady();
      probe.close();
    },
  );

  it("lets a client resume on another gateway when the one that served it dies", { timeout: 30_000 }, async () => {
    const { tokens, text } = script(80);
    mesh.upstream.respondWith({ tokens, tokenMs: 25 });
    const first = await connect(1);
    first.start("resume-1", "tell", { sessionId: "resume" });
    await first.next("turn.delta", "resume-1");
    mesh.stack.service("gateway", 1).kill("SIGKILL");
    await first.closed;
    const seen = first.streamedText("resume-1");
    expect(seen.length).toBeGreaterThan(0);
    const second = await connect(0);
    second.send({ type: "turn.resume", turnId: "resume-1", sessionId: "resume", ...first.lastPlace("resume-1") });
    expect(await second.terminal("resume-1")).toMatchObject({ type: "turn.completed", output: { text } });
    const rest = second.ofTurn("resume-1").flatMap((frame) => (frame.type === "turn.delta" ? [frame] : []));
    expect(rest[0]?.from).toBe(first.lastPlace("resume-1").position);
    expect(seen + rest.map((frame) => frame.text).join("")).toBe(text);
    second.close();
    await mesh.stack.service("gateway", 1).waitReady();
  });
});
