import { readFile, writeFile } from "node:fs/promises";
import type { TerminalFrame } from "@ai-orchestra/contracts";
import { eventually, startUpstream, type UpstreamBehaviour } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultRow, renderFaultTable } from "./fault-table.js";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, startMesh } from "./start-mesh.js";
import { SystemWatch } from "./system-watch.js";

const MODELS = (url: string) => `
default: mock/model
timeouts: { firstTokenMs: 800, idleMs: 400 }
providers:
  mock:
    kind: openai
    baseUrl: ${url}
    apiKeyEnv: MOCK_API_KEY
    models:
      - name: model
`;
const CIRCUIT = "orchestrator: model mock/model";

let mesh: Mesh;
let probe: FrameProbe;
let watch: SystemWatch;
let count = 0;
const rows: FaultRow[] = [];

beforeAll(async () => {
  mesh = await startMesh({ models: MODELS });
  probe = await FrameProbe.connect(mesh.stack.url);
  watch = await SystemWatch.connect(mesh.stack.url);
});

beforeEach(async () => {
  mesh.upstream.respondWith({ tokens: ["well"] });
  await eventually(async () => expect((await turn()).type).toBe("turn.completed"), { timeoutMs: 15_000 });
  await watch.untilLevel("normal");
});

afterAll(async () => {
  console.log(renderFaultTable(rows));
  await watch.close();
  probe.close();
  await mesh.stop();
});

/** A question that nobody asked before, so that no cached answer fits. */
function turn(text = `question ${count}`): Promise<TerminalFrame> {
  count += 1;
  const turnId = `fault-${count}`;
  probe.start(turnId, text, { options: { timeoutMs: 10_000 } });
  return probe.terminal(turnId, 20_000);
}

/** Turns at once, as traffic brings them. */
function turns(howMany: number): Promise<TerminalFrame[]> {
  return Promise.all(Array.from({ length: howMany }, () => turn()));
}

function describeEnd(end: TerminalFrame): string {
  if (end.type !== "turn.failed") return end.type;
  return `${end.code}${end.partialText === undefined ? "" : " with what was said"}`;
}

/** Breaks the provider until its circuit is open and the level has followed; then mends it and measures. */
async function breakProvider(fault: string, behaviour: UpstreamBehaviour): Promise<FaultRow> {
  mesh.upstream.respondWith(behaviour);
  const brokenAt = Date.now();
  const ends = await turns(6);
  await watch.seen((event) => event.type === "breaker" && event.to === "open", brokenAt);
  const refused = await turn();
  await watch.seen((event) => event.type === "level" && event.level === "emergency", brokenAt, 10_000);
  mesh.upstream.respondWith({ tokens: ["well"] });
  const mendedAt = Date.now();
  // No turn is offered until the probe has closed the circuit: it needs no traffic.
  const closedAt = await watch.seen((event) => event.type === "breaker" && event.to === "closed", mendedAt);
  expect((await turn()).type).toBe("turn.completed");
  const answeredAt = Date.now();
  const normalAt = await watch.seen((event) => event.type === "level" && event.level === "normal", mendedAt);
  const row = {
    fault,
    clientSees: [...new Set([...ends, refused].map(describeEnd))].join(", then "),
    opened: watch.openedSince(brokenAt),
    levels: watch.levelsSince(brokenAt),
    circuitMs: closedAt - mendedAt,
    answerMs: answeredAt - mendedAt,
    levelMs: normalAt - mendedAt,
  };
  rows.push(row);
  expect(row.opened).toEqual([CIRCUIT]);
  expect(row.levels).toEqual(["emergency", "normal"]);
  expect(row.circuitMs).toBeLessThan(5_000);
  expect(row.answerMs).toBeLessThan(6_000);
  expect(row.levelMs).toBeLessThan(30_000);
  return row;
}

describe("the only provider", () => {
  it("is too slow: turns fail at its time limit, then at once, and it is used again by itself", async () => {
    const row = await breakProvider("provider slow (hangs)", { hang: true });
    expect(row.clientSees).toBe("timeout, then provider_unavailable");
  });

  it("answers 500: turns are tried again within the budget, then refused at once", async () => {
    const row = await breakProvider("provider 500s", { status: 500 });
    expect(row.clientSees).toBe("provider_unavailable");
  });

  it("stalls in mid-stream: turns fail with what was said", async () => {
    const row = await breakProvider("provider stalls mid-stream", { tokens: ["half an "], ending: "stall" });
    expect(row.clientSees).toBe("timeout with what was said, then provider_unavailable");
  });

  it("limits us: turns wait as long as it asks and go through; being limited opens no circuit", async () => {
    const brokenAt = Date.now();
    let limited = 2;
    mesh.upstream.respondWith(() => {
      limited -= 1;
      return limited >= 0 ? { status: 429, headers: { "retry-after": "1" } } : { tokens: ["well"] };
    });
    const end = await turn();
    expect(end.type).toBe("turn.completed");
    expect(Date.now() - brokenAt).toBeGreaterThanOrEqual(1_000);
    mesh.upstream.respondWith({ status: 429, headers: { "retry-after": "30" } });
    const refused = await turn();
    expect(refused).toMatchObject({ type: "turn.failed", code: "provider_unavailable", retryAfterMs: 30_000 });
    await turns(6);
    mesh.upstream.respondWith({ tokens: ["well"] });
    const mendedAt = Date.now();
    expect((await turn()).type).toBe("turn.completed");
    rows.push({
      fault: "provider 429 with retry-after",
      clientSees: "answered after the pause; provider_unavailable with retryAfterMs when it is long",
      opened: watch.openedSince(brokenAt),
      levels: watch.levelsSince(brokenAt),
      answerMs: Date.now() - mendedAt,
    });
    expect(watch.openedSince(brokenAt)).toEqual([]);
    expect(watch.level).toBe("normal");
  });
});

it("is asked at most 1.2 times a turn while it is down and 500 turns are offered", async () => {
  mesh.upstream.respondWith({ status: 503 });
  const before = mesh.upstream.requests.length;
  const probes = await Promise.all(Array.from({ length: 9 }, () => FrameProbe.connect(mesh.stack.url)));
  const ends = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const client = probes[index % probes.length]!;
      const turnId = `storm-${index}`;
      client.start(turnId, `storm ${index}`);
      return client.terminal(turnId, 30_000);
    }),
  );
  expect(ends.filter((end) => end.type !== "turn.failed" || !end.retryable)).toEqual([]);
  const asked = mesh.upstream.requests.length - before;
  console.log(`retry amplification: ${asked} upstream calls for 500 turns (${(asked / 500).toFixed(2)} a turn)`);
  expect(asked).toBeLessThanOrEqual(600);
  for (const client of probes) client.close();
});

it("serves an earlier answer to the same question when no model answers, and says so", async () => {
  mesh.upstream.respondWith({ tokens: ["forty", "-two"] });
  const question = { input: { messages: [{ role: "user", content: "the answer?" }] } };
  const ask = async (turnId: string, options: object = {}) => {
    probe.send({ type: "turn.start", turnId, ...question, options });
    return probe.terminal(turnId);
  };
  expect(await ask("cache-1")).toMatchObject({ type: "turn.completed", metadata: { cached: false } });
  mesh.upstream.respondWith({ status: 503 });
  expect(await ask("cache-2")).toMatchObject({
    type: "turn.completed",
    output: { text: "forty-two" },
    metadata: { cached: true },
  });
  expect(probe.streamedText("cache-2")).toBe("forty-two");
  expect(await ask("cache-3", { cache: "off" })).toMatchObject({ type: "turn.failed", code: "provider_unavailable" });
  mesh.upstream.respondWith({ tokens: ["another"] });
  const asked = mesh.upstream.requests.length;
  expect(await ask("cache-4", { cache: "first" })).toMatchObject({ output: { text: "forty-two" } });
  expect(mesh.upstream.requests.length).toBe(asked);
});

it("is one of two: its fallback answers, the level is limited at most", async () => {
  const spare = await startUpstream({ behaviour: { tokens: ["spare"] } });
  const models = await readFile(mesh.modelsPath, "utf8");
  await writeFile(
    mesh.modelsPath,
    `${models.trimEnd()}
        fallbacks: [spare/model]
  spare:
    kind: openai
    baseUrl: ${spare.url}
    apiKeyEnv: MOCK_API_KEY
    models:
      - name: model
`,
  );
  await eventually(
    async () => {
      const listed = await (await fetch(`${mesh.stack.url}/v1/models`)).text();
      expect(listed).toContain("spare/model");
    },
    { timeoutMs: 15_000 },
  );
  const brokenAt = Date.now();
  mesh.upstream.respondWith({ status: 500 });
  const ends = await turns(6);
  expect(ends).toEqual(
    ends.map(() => expect.objectContaining({ type: "turn.completed", output: { text: "spare" } }) as unknown),
  );
  await watch.seen((event) => event.type === "level" && event.level === "limited", brokenAt, 15_000);
  const degraded = await turn();
  expect(degraded).toMatchObject({ type: "turn.completed", metadata: { degraded: true, model: "spare/model" } });
  mesh.upstream.respondWith({ tokens: ["well"] });
  const mendedAt = Date.now();
  const closedAt = await watch.seen((event) => event.type === "breaker" && event.to === "closed", mendedAt);
  expect(await turn()).toMatchObject({ metadata: { model: "mock/model" } });
  const answerMs = Date.now() - mendedAt;
  const normalAt = await watch.seen((event) => event.type === "level" && event.level === "normal", mendedAt);
  rows.push({
    fault: "one of two providers 500s",
    clientSees: "the fallback's answer, degraded",
    opened: watch.openedSince(brokenAt),
    levels: watch.levelsSince(brokenAt),
    circuitMs: closedAt - mendedAt,
    answerMs,
    levelMs: normalAt - mendedAt,
  });
  expect(watch.levelsSince(brokenAt)).not.toContain("emergency");
  expect(normalAt - mendedAt).toBeLessThan(30_000);
  await spare.close();
});
