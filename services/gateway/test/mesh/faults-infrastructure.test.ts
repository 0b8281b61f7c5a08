import { setTimeout as delay } from "node:timers/promises";
import type { TerminalFrame } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultRow, renderFaultTable } from "./fault-table.js";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, startMesh } from "./start-mesh.js";
import { SystemWatch } from "./system-watch.js";

let mesh: Mesh;
let probe: FrameProbe;
let watch: SystemWatch;
let count = 0;
const rows: FaultRow[] = [];

beforeAll(async () => {
  mesh = await startMesh({ replicas: { orchestrator: 2 } });
  probe = await FrameProbe.connect(mesh.stack.url);
  watch = await SystemWatch.connect(mesh.stack.url);
  mesh.upstream.respondWith({ tokens: ["well"] });
});

beforeEach(async () => {
  await watch.untilLevel("normal");
  await eventually(async () => expect((await turn()).type).toBe("turn.completed"), { timeoutMs: 30_000 });
});

afterAll(async () => {
  console.log(renderFaultTable(rows));
  await watch.close();
  probe.close();
  await mesh.stop();
});

async function turn(timeoutMs = 20_000): Promise<TerminalFrame> {
  count += 1;
  const turnId = `infra-${count}`;
  probe.start(turnId, `question ${count}`);
  return probe.terminal(turnId, timeoutMs);
}

interface Fault {
  fault: string;
  breakIt: () => Promise<void> | void;
  mendIt: () => Promise<void> | void;
  /** Looks at the system while it is broken and says what a client sees. */
  look: (brokenAt: number) => Promise<string>;
}

async function run({ fault, breakIt, mendIt, look }: Fault): Promise<FaultRow> {
  const brokenAt = Date.now();
  await breakIt();
  let mendedAt = brokenAt;
  let clientSees: string;
  try {
    clientSees = await look(brokenAt);
  } finally {
    // The fault ends when what was gone runs again.
    await mendIt();
    mendedAt = Date.now();
  }
  await eventually(async () => expect((await turn()).type).toBe("turn.completed"), { timeoutMs: 30_000 });
  const answerMs = Date.now() - mendedAt;
  await eventually(() => expect(watch.notClosed()).toEqual([]), { timeoutMs: 30_000 });
  const closedAt = watch.events.findLast((event) => event.type === "breaker" && event.to === "closed")?.seenAt;
  await watch.untilLevel("normal");
  const levels = watch.levelsSince(brokenAt);
  const normalAt = watch.events.findLast((event) => event.type === "level")?.seenAt;
  const opened = watch.openedSince(brokenAt);
  const row = {
    fault,
    clientSees,
    opened,
    levels,
    circuitMs: opened.length === 0 || closedAt === undefined ? undefined : Math.max(0, closedAt - mendedAt),
    answerMs,
    levelMs: levels.length === 0 || normalAt === undefined ? undefined : Math.max(0, normalAt - mendedAt),
  };
  rows.push(row);
  expect(row.circuitMs ?? 0).toBeLessThan(5_000);
  expect(row.answerMs).toBeLessThan(5_000);
  expect(row.levelMs ?? 0).toBeLessThan(30_000);
  return row;
}

function level(name: string) {
  return (event: { type: string; level?: string }): boolean => event.type === "level" && event.level === name;
}

describe("memory", () => {
  it("frozen: the first turns wait for it, then turns go on without history at once", { timeout: 90_000 }, async () => {
    const memory = mesh.stack.service("memory");
    const row = await run({
      fault: "memory frozen",
      breakIt: () => void memory.kill("SIGSTOP"),
      mendIt: () => void memory.kill("SIGCONT"),
      look: async (brokenAt) => {
        // Each orchestrator learns it from its own three failures.
        await eventually(
          async () => {
            const slow = await Promise.all(Array.from({ length: 12 }, () => turn()));
            expect(slow.every((end) => end.type === "turn.completed" && end.metadata.degraded)).toBe(true);
            expect(watch.notClosed().filter((name) => name.startsWith("orchestrator"))).toHaveLength(2);
          },
          { timeoutMs: 15_000 },
        );
        await watch.seen(level("essential"), brokenAt, 15_000);
        const askedAt = Date.now();
        expect(await turn()).toMatchObject({ type: "turn.completed", metadata: { degraded: true } });
        expect(Date.now() - askedAt).toBeLessThan(1_000);
        return "answers without history, degraded";
      },
    });
    expect(row.opened).toContain("orchestrator: memory");
    expect(row.levels).toEqual(["essential", "normal"]);
  });

  it("gone: turns go on without history, sessions are refused as unavailable", { timeout: 90_000 }, async () => {
    const memory = mesh.stack.service("memory");
    const row = await run({
      fault: "memory gone",
      breakIt: () => memory.stop(),
      mendIt: () => memory.start(),
      look: async (brokenAt) => {
        const ends = await Promise.all(Array.from({ length: 12 }, () => turn()));
        expect(ends.every((end) => end.type === "turn.completed" && end.metadata.degraded)).toBe(true);
        const response = await fetch(`${mesh.stack.url}/v2/sessions`);
        expect(response.status).toBe(503);
        expect(await response.json()).toMatchObject({ error: { code: "unavailable" } });
        await watch.seen(level("essential"), brokenAt, 15_000);
        return "answers without history, degraded; sessions: unavailable";
      },
    });
    expect(row.opened).toContain("orchestrator: memory");
    expect(row.levels).toEqual(["essential", "normal"]);
  });

  it("without Redis: turns go on without history", { timeout: 90_000 }, async () => {
    const row = await run({
      fault: "Redis gone",
      breakIt: () => mesh.stack.redis.stop(),
      mendIt: () => mesh.stack.redis.restart(),
      look: async (brokenAt) => {
        const ends = await Promise.all(Array.from({ length: 12 }, () => turn()));
        expect(ends.every((end) => end.type === "turn.completed" && end.metadata.degraded)).toBe(true);
        await watch.seen(level("essential"), brokenAt, 15_000);
        return "answers without history, degraded";
      },
    });
    expect(row.levels).toEqual(["essential", "normal"]);
  });
});

describe("flags", () => {
  it("gone: everything goes on with the definitions that are known", { timeout: 90_000 }, async (test) => {
    const flags = mesh.stack.services.find(({ name }) => name === "flags");
    if (flags === undefined) return test.skip();
    const row = await run({
      fault: "flags gone",
      breakIt: () => flags.stop(),
      mendIt: () => flags.start(),
      look: async (brokenAt) => {
        expect((await turn()).type).toBe("turn.completed");
        await watch.seen(level("limited"), brokenAt, 15_000);
        return "nothing but metadata.degraded";
      },
    });
    expect(row.levels).toEqual(["limited", "normal"]);
  });
});

describe("health", () => {
  it(
    "gone: the level is kept for 15 s, then it is normal, then what was pinned again",
    { timeout: 90_000 },
    async () => {
      const pin = await fetch(`${mesh.stack.url}/admin/degradation`, {
        method: "PUT",
        body: JSON.stringify({ level: "limited", reason: "test" }),
      });
      expect(pin.status).toBe(200);
      expect(await pin.json()).toMatchObject({ level: "limited", pinned: { by: "dev", reason: "test" } });
      await watch.untilLevel("limited", 1_000);
      const health = mesh.stack.service("health");
      const brokenAt = Date.now();
      await health.stop();
      await delay(10_000);
      expect(watch.level).toBe("limited");
      const normalAt = await watch.seen(level("normal"), brokenAt, 10_000);
      expect(normalAt - brokenAt).toBeGreaterThan(14_000);
      expect((await turn()).type).toBe("turn.completed");
      const mendedAt = Date.now();
      await health.start();
      const limitedAt = await watch.seen(level("limited"), mendedAt, 10_000);
      expect((await fetch(`${mesh.stack.url}/admin/degradation`, { method: "DELETE" })).status).toBe(200);
      await watch.untilLevel("normal", 1_000);
      rows.push({
        fault: "health gone (limited was pinned)",
        clientSees: "nothing",
        opened: watch.openedSince(brokenAt),
        levels: watch.levelsSince(brokenAt),
        answerMs: 0,
        levelMs: limitedAt - mendedAt,
      });
      expect(watch.openedSince(brokenAt)).toEqual([]);
    },
  );
});

describe("NATS", () => {
  it(
    "paused for 5 s: turns wait or are refused as retryable, and nothing is declared dead",
    { timeout: 90_000 },
    async () => {
      let during: Promise<TerminalFrame[]> | undefined;
      const row = await run({
        fault: "NATS paused for 5 s",
        breakIt: () => void mesh.stack.nats.kill("SIGSTOP"),
        mendIt: () => void mesh.stack.nats.kill("SIGCONT"),
        look: async () => {
          during = Promise.all(
            Array.from({ length: 5 }, async () => {
              const turnId = `infra-${(count += 1)}`;
              probe.start(turnId, "are you there?");
              return eventually(
                () => {
                  const refusal = probe.ofTurn(turnId).find(({ type }) => type === "error");
                  const [terminal] = probe.terminals(turnId);
                  if (refusal === undefined && terminal === undefined) throw new Error("neither taken nor refused");
                  expect(terminal?.type ?? "turn.completed").toBe("turn.completed");
                  if (refusal?.type === "error") expect(refusal.retryable).toBe(true);
                  return terminal!;
                },
                { timeoutMs: 20_000 },
              );
            }),
          );
          await delay(5_000);
          return "turns wait, or are refused as retryable";
        },
      });
      await during;
      expect(row.levels).toEqual([]);
    },
  );
});

describe("maintenance by hand", () => {
  it("refuses new turns, lets running ones end, and sessions can be read", { timeout: 60_000 }, async () => {
    mesh.upstream.respondWith({ tokens: Array.from({ length: 60 }, (_, index) => `w${index} `), tokenMs: 50 });
    probe.start("running-1", "go on", { sessionId: "maintained" });
    await probe.next("turn.delta", "running-1");
    const put = await fetch(`${mesh.stack.url}/admin/degradation`, {
      method: "PUT",
      body: JSON.stringify({ level: "maintenance", reason: "new disks", ttlMs: 60_000 }),
    });
    expect(put.status).toBe(200);
    await watch.untilLevel("maintenance", 1_000);
    probe.start("refused-1", "hello");
    const refusal = await probe.next("error", "refused-1");
    expect(refusal).toMatchObject({ code: "maintenance", retryable: true });
    expect(refusal.retryAfterMs).toBeGreaterThan(30_000);
    const http = await fetch(`${mesh.stack.url}/v2/chat`, {
      method: "POST",
      body: JSON.stringify({ input: { text: "hello" } }),
    });
    expect(http.status).toBe(503);
    expect(http.headers.get("retry-after")).not.toBeNull();
    expect(await probe.terminal("running-1")).toMatchObject({ type: "turn.completed" });
    await eventually(async () => {
      expect((await fetch(`${mesh.stack.url}/v2/sessions/maintained/messages`)).status).toBe(200);
    });
    const health = (await (await fetch(`${mesh.stack.url}/health`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ status: "degraded", level: "maintenance" });
    await fetch(`${mesh.stack.url}/admin/degradation`, { method: "DELETE" });
    await watch.untilLevel("normal", 1_000);
    mesh.upstream.respondWith({ tokens: ["well"] });
    expect((await turn()).type).toBe("turn.completed");
  });
});
