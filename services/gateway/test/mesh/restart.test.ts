import { setTimeout as delay } from "node:timers/promises";
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

const WORKERS = 12;
const SESSIONS = 4;

/** Keeps one turn of each worker in flight until `outage` is over; resolves with each worker's turns in their order. */
async function chatDuring(probe: FrameProbe, label: string, outage: Promise<void>): Promise<string[][]> {
  const progress = { isOver: false };
  const talk = async (worker: number): Promise<string[]> => {
    const turnIds: string[] = [];
    while (!progress.isOver) {
      const turnId = `${label}-${worker}-${turnIds.length}`;
      turnIds.push(turnId);
      probe.start(turnId, `question of ${turnId}`, { sessionId: `${label}-${worker % SESSIONS}` });
      await probe.terminal(turnId, 30_000);
    }
    return turnIds;
  };
  const talks = Array.from({ length: WORKERS }, (_, worker) => talk(worker));
  await outage;
  progress.isOver = true;
  return Promise.all(talks);
}

async function readTurnIds(sessionId: string): Promise<string[]> {
  const turnIds: string[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: "200", ...(cursor === undefined ? {} : { cursor }) });
    const response = await fetch(`${mesh.stack.url}/v2/sessions/${sessionId}/messages?${query.toString()}`);
    const page = (await response.json()) as { items: { turnId: string; role: string }[]; nextCursor?: string };
    turnIds.push(...page.items.filter(({ role }) => role === "user").map(({ turnId }) => turnId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return turnIds;
}

it.each(["SIGSTOP", "SIGKILL"] as const)(
  "completes every turn under load while Redis is away for 10 s by %s, and then has each result once and in order",
  { timeout: 120_000 },
  async (signal) => {
    mesh.upstream.respondWith({ tokens: ["fine"], firstTokenMs: 100 });
    const probe = await FrameProbe.connect(mesh.stack.url);
    const { redis } = mesh.stack;
    const keepAway = async (): Promise<void> => {
      await delay(500);
      redis.kill(signal);
      // The stack starts a killed Redis again at once.
      const again = signal === "SIGKILL" ? setInterval(() => redis.kill(signal), 50) : undefined;
      await delay(10_000);
      clearInterval(again);
      if (signal === "SIGSTOP") redis.kill("SIGCONT");
      await delay(2_000);
    };
    const label = signal.toLowerCase();
    const turnIdsByWorker = await chatDuring(probe, label, keepAway());
    const terminals = turnIdsByWorker.flat().map((turnId) => probe.terminals(turnId));
    expect(terminals.every((frames) => frames.length === 1 && frames[0]?.type === "turn.completed")).toBe(true);
    const degraded = terminals.filter(([frame]) => frame?.type === "turn.completed" && frame.metadata.degraded);
    expect(degraded.length).toBeGreaterThan(10);
    for (let session = 0; session < SESSIONS; session += 1) {
      const expected = turnIdsByWorker.filter((_, worker) => worker % SESSIONS === session);
      const stored = await eventually(
        async () => {
          const found = await readTurnIds(`${label}-${session}`);
          expect(found.toSorted()).toEqual(expected.flat().toSorted());
          return found;
        },
        { timeoutMs: 30_000, intervalMs: 200 },
      );
      for (const turnIds of expected) expect(stored.filter((turnId) => turnIds.includes(turnId))).toEqual(turnIds);
    }
    probe.close();
  },
);
