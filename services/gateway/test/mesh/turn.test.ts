import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, script, startMesh } from "./start-mesh.js";

let mesh: Mesh;
let probe: FrameProbe;

beforeAll(async () => {
  mesh = await startMesh();
  probe = await FrameProbe.connect(mesh.stack.url);
});

afterAll(async () => {
  probe.close();
  await mesh.stop();
});

describe("a turn through the whole mesh", () => {
  it("streams an answer whose deltas are contiguous and add up to the output", async () => {
    const { tokens, text } = script(40);
    mesh.upstream.respondWith({ tokens, firstTokenMs: 20, tokenMs: 5 });
    probe.start("stream-1", "count");
    const terminal = await probe.terminal("stream-1");
    expect(terminal).toMatchObject({
      type: "turn.completed",
      output: { text },
      finishReason: "stop",
      usage: { outputTokens: 40, estimated: false },
      metadata: { model: "mock/model", degraded: false, cached: false, fallbacks: [], qualityScore: 1 },
    });
    expect(probe.streamedText("stream-1")).toBe(text);
    expect(
      probe
        .ofTurn("stream-1")
        .map(({ type }) => type)
        .slice(0, 2),
    ).toEqual(["turn.accepted", "turn.started"]);
    expect(probe.ofTurn("stream-1").filter(({ type }) => type === "turn.delta").length).toBeGreaterThan(5);
    expect(probe.terminals("stream-1")).toHaveLength(1);
  });

  it("runs two turns that were sent at once in one session one after the other, in order, with the first in the second's context", async () => {
    mesh.upstream.respondWith((request) => {
      const question = String(request.messages.at(-1)?.["content"]);
      return { tokens: [`answer to ${question}`], firstTokenMs: 150 };
    });
    const before = mesh.upstream.requests.length;
    probe.start("order-1", "first", { sessionId: "order" });
    probe.start("order-2", "second", { sessionId: "order" });
    await probe.terminal("order-1");
    await probe.terminal("order-2");
    const [first, second] = mesh.upstream.requests.slice(before);
    expect(first?.messages.map((message) => message["content"])).toEqual(["first"]);
    expect(second?.messages.map((message) => message["content"])).toEqual(["first", "answer to first", "second"]);
    const firstEnd = probe.frames.findIndex((frame) => frame.type === "turn.completed" && frame.turnId === "order-1");
    const secondStart = probe.frames.findIndex((frame) => frame.type === "turn.started" && frame.turnId === "order-2");
    expect(secondStart).toBeGreaterThan(firstEnd);
  });

  it("keeps the order of many turns of one session, sent over two connections, while one of them runs long", async () => {
    const other = await FrameProbe.connect(mesh.stack.url);
    mesh.upstream.respondWith((request) => ({
      tokens: ["ok"],
      firstTokenMs: String(request.messages.at(-1)?.["content"]) === "q0" ? 1_500 : 5,
    }));
    const before = mesh.upstream.requests.length;
    for (let index = 0; index < 6; index += 1) {
      const sender = index % 2 === 0 ? probe : other;
      sender.start(`line-${index}`, `q${index}`, { sessionId: "line" });
      await sender.next("turn.accepted", `line-${index}`);
    }
    await Promise.all([0, 2, 4].map((index) => probe.terminal(`line-${index}`)));
    await Promise.all([1, 3, 5].map((index) => other.terminal(`line-${index}`)));
    const asked = mesh.upstream.requests.slice(before).map(({ messages }) => messages.at(-1)?.["content"]);
    expect(asked).toEqual(["q0", "q1", "q2", "q3", "q4", "q5"]);
    other.close();
  });

  it("cancels a turn that waits in the queue before it ever runs", async () => {
    mesh.upstream.respondWith({ tokens: ["slow"], firstTokenMs: 600 });
    const before = mesh.upstream.requests.length;
    probe.start("ahead-1", "slow", { sessionId: "waiting" });
    await probe.next("turn.started", "ahead-1");
    probe.start("waiting-1", "never", { sessionId: "waiting" });
    await probe.next("turn.accepted", "waiting-1");
    probe.send({ type: "turn.cancel", turnId: "waiting-1" });
    expect(await probe.terminal("waiting-1")).toMatchObject({ type: "turn.cancelled", partialText: "" });
    expect(await probe.terminal("ahead-1")).toMatchObject({ type: "turn.completed" });
    expect(mesh.upstream.requests.length - before).toBe(1);
  });

  it("streams a tool call in fragments that add up for every viewer", async () => {
    const call = { id: "call-1", name: "search", arguments: JSON.stringify({ query: "x".repeat(200) }) };
    mesh.upstream.respondWith({ tokens: [], toolCalls: [call], firstTokenMs: 500, finishReason: "tool_calls" });
    const tools = [{ type: "function", function: { name: "search", parameters: { type: "object" } } }];
    probe.start("tools-1", "look it up", { sessionId: "tools", options: { tools } });
    await probe.next("turn.started", "tools-1");
    const late = await FrameProbe.connect(mesh.stack.url);
    late.send({ type: "turn.resume", turnId: "tools-1", sessionId: "tools", attempt: 0, position: 0 });
    for (const viewer of [probe, late]) {
      expect(await viewer.terminal("tools-1")).toMatchObject({
        type: "turn.completed",
        finishReason: "tool_calls",
        output: { toolCalls: [call] },
      });
      const fragments = viewer.ofTurn("tools-1").flatMap((f) => (f.type === "turn.tool" ? [f.arguments] : []));
      expect(fragments.join("")).toBe(call.arguments);
      viewer.streamedText("tools-1");
    }
    late.close();
  });

  it("cancels in mid-stream: the upstream's socket closes within 200 ms and the client gets what was said", async () => {
    mesh.upstream.respondWith({ tokens: script(500).tokens, tokenMs: 10 });
    const before = mesh.upstream.requests.length;
    probe.start("cancel-1", "talk for long");
    await probe.next("turn.delta", "cancel-1");
    const cancelledAt = Date.now();
    probe.send({ type: "turn.cancel", turnId: "cancel-1" });
    const abortedAt = await mesh.upstream.requests[before]?.aborted();
    expect(Number(abortedAt) - cancelledAt).toBeLessThan(200);
    const terminal = await probe.terminal("cancel-1");
    expect(terminal.type).toBe("turn.cancelled");
    expect(terminal).toMatchObject({ partialText: probe.streamedText("cancel-1") });
  });

  it("runs a turn id that was sent five times once and answers every sender", async () => {
    const { tokens, text } = script(20);
    mesh.upstream.respondWith({ tokens, tokenMs: 10 });
    const before = mesh.upstream.requests.length;
    const senders = [probe, ...(await Promise.all([1, 2, 3, 4].map(() => FrameProbe.connect(mesh.stack.url))))];
    for (const sender of senders) sender.start("same-1", "once only", { sessionId: "same" });
    for (const sender of senders) {
      expect(await sender.terminal("same-1")).toMatchObject({ type: "turn.completed", output: { text } });
      expect(sender.streamedText("same-1")).toBe(text);
      expect(sender.terminals("same-1")).toHaveLength(1);
    }
    expect(mesh.upstream.requests.length - before).toBe(1);
    for (const sender of senders.slice(1)) sender.close();
  });

  it("says not_found for a model that does not exist", async () => {
    probe.start("model-1", "hello", { options: { model: "nobody/nothing" } });
    expect(await probe.terminal("model-1")).toMatchObject({ type: "turn.failed", code: "not_found", retryable: false });
  });

  it("answers a stateless turn from its own messages and remembers nothing of it", async () => {
    mesh.upstream.respondWith({ tokens: ["done"] });
    const before = mesh.upstream.requests.length;
    const messages = [
      { role: "system", content: "be short" },
      { role: "user", content: "hi" },
    ];
    probe.send({ type: "turn.start", turnId: "stateless-1", sessionId: "stateless", input: { messages } });
    expect(await probe.terminal("stateless-1")).toMatchObject({ type: "turn.completed", output: { text: "done" } });
    expect(mesh.upstream.requests[before]?.messages).toMatchObject(messages);
    const response = await fetch(`${mesh.stack.url}/v2/sessions/stateless/messages`);
    expect(response.status).toBe(404);
  });

  it("lets agents draft in parallel and makes one answer of their drafts", async () => {
    mesh.upstream.respondWith((request) => {
      const system = String(request.messages[0]?.["content"]);
      if (system.startsWith("You are the critic")) return { tokens: ["too ", "risky"] };
      if (system.startsWith("You are the planner")) return { tokens: ["step ", "one"] };
      return { tokens: ["final ", "answer"] };
    });
    probe.start("team-1", "what now?", { options: { agents: ["planner", "critic"] } });
    expect(await probe.terminal("team-1")).toMatchObject({
      type: "turn.completed",
      output: { text: "final answer" },
      metadata: { agents: ["planner", "critic"] },
    });
    expect(probe.streamedText("team-1")).toBe("final answer");
    const voices = probe.ofTurn("team-1").flatMap((frame) => (frame.type === "turn.delta" ? [frame.agent] : []));
    expect(new Set(voices)).toEqual(new Set(["planner", "critic", undefined]));
    expect(mesh.upstream.requests.at(-1)?.messages[0]?.["content"]).toContain("too risky");
  });

  it("ends a turn at its time limit with what was said until then", async () => {
    mesh.upstream.respondWith({ tokens: script(500).tokens, tokenMs: 20 });
    probe.start("late-1", "hurry", { options: { timeoutMs: 400 } });
    expect(await probe.terminal("late-1")).toMatchObject({ type: "turn.failed", code: "timeout", retryable: true });
  });

  it("refuses or interrupts a busy session as the turn asks", async () => {
    mesh.upstream.respondWith({ tokens: script(500).tokens, tokenMs: 20 });
    probe.start("busy-1", "long", { sessionId: "busy" });
    await probe.next("turn.delta", "busy-1");
    probe.start("busy-2", "reject me", { sessionId: "busy", options: { onBusy: "reject" } });
    expect(await probe.terminal("busy-2")).toMatchObject({ type: "turn.failed", code: "session_busy" });
    mesh.upstream.respondWith({ tokens: ["quick"] });
    probe.start("busy-3", "me first", { sessionId: "busy", options: { onBusy: "interrupt" } });
    expect(await probe.terminal("busy-1")).toMatchObject({ type: "turn.cancelled" });
    expect(await probe.terminal("busy-3")).toMatchObject({ type: "turn.completed", output: { text: "quick" } });
  });
});
