import { connectBus } from "@ai-orchestra/bus";
import { STREAMS } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, script, startMesh } from "./start-mesh.js";

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({ replicas: { gateway: 2 } });
});

afterAll(() => mesh.stop());

const urlOf = (gateway: number): string => mesh.stack.service("gateway", gateway).url ?? mesh.stack.url;

const { tokens, text } = script(60);

beforeEach(() => mesh.upstream.respondWith({ tokens, tokenMs: 20 }));

interface StreamedEvent {
  readonly id: string | undefined;
  readonly frame: { type: string; text?: string; from?: number; to?: number; attempt?: number };
}

/** Reads a turn's event stream until `enough`, or its end. */
async function readEvents(
  gateway: number,
  path: string,
  o: { lastEventId?: string; enough?: (events: readonly StreamedEvent[]) => boolean } = {},
): Promise<StreamedEvent[]> {
  const leaving = new AbortController();
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (o.lastEventId !== undefined) headers["last-event-id"] = o.lastEventId;
  const response = await fetch(`${urlOf(gateway)}${path}`, { headers, signal: leaving.signal });
  const events: StreamedEvent[] = [];
  let unread = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (unread + chunk).split("\n\n");
    unread = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      events.push({ id: /^id: (.*)$/m.exec(block)?.[1], frame: JSON.parse(data) as StreamedEvent["frame"] });
    }
    if (o.enough?.(events) !== true) continue;
    leaving.abort();
    return events;
  }
  return events;
}

const textOf = (events: readonly StreamedEvent[]): string =>
  events.map(({ frame }) => (frame.type === "turn.delta" ? frame.text : "")).join("");

describe("while a turn runs", () => {
  it("goes on without gap or repeat for who resumes it again and again, on one gateway and the other", async () => {
    let place = { attempt: 0, position: 0 };
    let seen = "";
    const starter = await FrameProbe.connect(urlOf(0));
    starter.start("hop", "tell", { sessionId: "hops" });
    await starter.next("turn.delta", "hop");
    for (let hop = 0; ; hop += 1) {
      const probe = await FrameProbe.connect(urlOf(hop % 2));
      probe.send({ type: "turn.resume", turnId: "hop", sessionId: "hops", ...place });
      await probe.next("turn.delta", "hop");
      if (hop === 5) await probe.terminal("hop");
      const deltas = probe.ofTurn("hop").flatMap((frame) => (frame.type === "turn.delta" ? [frame] : []));
      expect(deltas[0]?.from).toBe(place.position);
      seen += deltas.map((frame) => frame.text).join("");
      place = { attempt: 1, position: deltas.at(-1)!.to };
      probe.close();
      if (hop === 5) break;
    }
    expect(seen).toBe(text);
    starter.close();
  });

  it("shows the same turn to several tabs that attach at different times on both gateways", async () => {
    const early = await FrameProbe.connect(urlOf(1));
    early.send({ type: "session.attach", sessionId: "tabs" });
    const starter = await FrameProbe.connect(urlOf(0));
    starter.start("tab-turn", "tell", { sessionId: "tabs" });
    await starter.next("turn.delta", "tab-turn");
    const late = await Promise.all([0, 1, 1].map((gateway) => FrameProbe.connect(urlOf(gateway))));
    for (const tab of late) tab.send({ type: "session.attach", sessionId: "tabs" });
    for (const tab of [starter, early, ...late]) {
      await tab.terminal("tab-turn");
      expect(tab.streamedText("tab-turn")).toBe(text);
      expect(tab.terminals("tab-turn")).toHaveLength(1);
      tab.close();
    }
  });

  it("lets an event stream go on where another one broke off, on the other gateway", async () => {
    const starter = await FrameProbe.connect(urlOf(0));
    starter.start("sse", "tell", { sessionId: "sse" });
    const path = "/v2/turns/sse/events?sessionId=sse";
    await starter.next("turn.accepted", "sse");
    const first = await readEvents(0, path, { enough: (events) => textOf(events).length > 40 });
    const rest = await readEvents(1, path, { lastEventId: first.at(-1)!.id! });
    expect(textOf(first) + textOf(rest)).toBe(text);
    expect(rest[0]?.frame.from).toBe(first.at(-1)!.frame.to);
    expect(rest.at(-1)?.frame.type).toBe("turn.completed");
    starter.close();
  });

  it("cancels a turn whose client leaves only where the client asked for it", async () => {
    mesh.upstream.respondWith({ tokens: script(120).tokens, tokenMs: 20 });
    const before = mesh.upstream.requests.length;
    const leaver = await FrameProbe.connect(urlOf(0));
    leaver.start("leave-cancel", "tell", { sessionId: "leave-1", options: { onDisconnect: "cancel" } });
    await leaver.next("turn.delta", "leave-cancel");
    leaver.start("leave-continue", "tell", { sessionId: "leave-2", options: { onDisconnect: "continue" } });
    await leaver.next("turn.delta", "leave-continue");
    leaver.close();
    await mesh.upstream.requests[before]!.aborted();
    const returned = await FrameProbe.connect(urlOf(1));
    for (const [turnId, sessionId] of [
      ["leave-cancel", "leave-1"],
      ["leave-continue", "leave-2"],
    ]) {
      returned.send({ type: "turn.resume", turnId, sessionId, attempt: 0, position: 0 });
    }
    expect((await returned.terminal("leave-cancel")).type).toBe("turn.cancelled");
    expect(await returned.terminal("leave-continue")).toMatchObject({ output: { text: script(120).text } });
    returned.close();
  });
});

it("takes the same turn id in another session for another turn", async () => {
  mesh.upstream.respondWith((request) => ({ tokens: [`re: ${String(request.messages.at(-1)?.["content"])}`] }));
  const ask = async (sessionId: string): Promise<unknown> => {
    const body = JSON.stringify({ turnId: "twice", sessionId, input: { text: `from ${sessionId}` } });
    return (await fetch(`${mesh.stack.url}/v2/chat`, { method: "POST", body })).json();
  };
  expect(await ask("here")).toMatchObject({ output: { text: "re: from here" } });
  expect(await ask("there")).toMatchObject({ output: { text: "re: from there" } });
  expect(await ask("here")).toMatchObject({ output: { text: "re: from here" } });
});

describe("after a turn", () => {
  it("answers from the result, and from the history once the result is gone", async () => {
    const starter = await FrameProbe.connect(urlOf(0));
    starter.start("old", "tell", { sessionId: "old" });
    await starter.terminal("old");
    const place = starter.lastPlace("old");
    starter.close();
    const resume = async (from: { attempt: number; position: number }): Promise<FrameProbe> => {
      const probe = await FrameProbe.connect(urlOf(1));
      probe.send({ type: "turn.resume", turnId: "old", sessionId: "old", ...from });
      expect(await probe.terminal("old")).toMatchObject({ type: "turn.completed", output: { text } });
      return probe;
    };
    const fromResult = await resume({ attempt: place.attempt, position: 10 });
    expect(fromResult.ofTurn("old")).toMatchObject([{ type: "turn.delta", from: 10 }, { type: "turn.completed" }]);
    fromResult.close();

    await eventually(async () => {
      const response = await fetch(`${mesh.stack.url}/v2/sessions/old/messages`);
      expect(((await response.json()) as { items: unknown[] }).items).toHaveLength(2);
    });
    const bus = await connectBus({ servers: [mesh.stack.nats.url], name: "purge" });
    await bus.connection.nats.request(`$JS.API.STREAM.PURGE.${STREAMS.results}`);
    await bus.drain();
    const fromHistory = await resume(place);
    expect(fromHistory.streamedText("old")).toBe(text);
    expect(fromHistory.terminals("old")).toHaveLength(1);
    fromHistory.close();
    const events = await readEvents(0, "/v2/turns/old/events?sessionId=old");
    expect(textOf(events)).toBe(text);
    expect(events.at(-1)?.frame.type).toBe("turn.completed");
  });
});
