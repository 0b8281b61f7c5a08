import { z } from "zod";
import { defineCall, subjects } from "@ai-orchestra/contracts";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectBus, openKv, openTurnQueue, openTurnResults, type Bus } from "../src/index.js";
import { useRestrictedNats } from "./support/restricted-nats.js";

const nats = useRestrictedNats();

const turn = { owner: "0123456789abcdef", sessionId: "s1", turnId: "t1" };
const forbidden = { name: "OrchestraError", code: "forbidden" };
const memorySessionsList = defineCall({
  subject: "memory.sessions.list",
  request: z.object({}),
  response: z.object({ sessions: z.array(z.string()) }),
  timeoutMs: 2_000,
});
const openFlags = (bus: Bus) =>
  openKv(bus, { bucket: "flags", schema: z.string(), history: 64, replicas: 1, storage: "file" });

/** What the server says the user may not do, from the first refusal after `act`. */
async function refusalOf(bus: Bus, act: () => unknown): Promise<string> {
  const refusals = bus.connection.nats.status();
  act();
  for await (const event of refusals) {
    if (event.type === "error") return event.error.message;
  }
  throw new Error("the connection was closed");
}

test("nobody connects without credentials, or with another server's", async () => {
  await expect(connectBus({ servers: [nats.server.url], name: "nobody" })).rejects.toMatchObject({
    code: "unauthorized",
  });
});

describe("with memory's credentials", () => {
  test("flags cannot be written", async () => {
    const [memory, flags] = await Promise.all([nats.connectAs("memory"), nats.connectAs("flags")]);
    const bucket = await openFlags(flags);
    await bucket.put("v2_api", "on");
    expect(await refusalOf(memory, () => memory.publish("$KV.flags.v2_api", "off"))).toContain("$KV.flags.v2_api");
    expect((await bucket.get("v2_api"))?.value).toBe("on");
    await expect(openFlags(memory)).rejects.toMatchObject(forbidden);
    expect(await refusalOf(memory, () => memory.publish("flags.put", {}))).toContain("flags.put");
  });

  test("answers to others cannot be read", async () => {
    const memory = await nats.connectAs("memory");
    const inboxes = ["_INBOX_gateway.>", "_INBOX_orchestrator.>", "_INBOX.>", "*.*.*", ">"];
    for (const subject of inboxes) {
      expect(await refusalOf(memory, () => memory.subscribe(subject, () => undefined))).toContain(`"${subject}"`);
    }
  });

  test("turn events and results cannot be published, and turns not be queued", async () => {
    const memory = await nats.connectAs("memory");
    for (const subject of [subjects.turnEvents(turn), subjects.turnResult(turn), subjects.turnQueue("high")]) {
      expect(await refusalOf(memory, () => memory.publish(subject, {}))).toContain(`"${subject}"`);
    }
  });

  test("no stream can be told to copy messages to another subject, be emptied or be removed", async () => {
    const orchestrator = await nats.connectAs("orchestrator");
    await openTurnResults(orchestrator);
    const memory = await nats.connectAs("memory");
    const manager = await jetstreamManager(memory.connection.nats, { checkAPI: false });
    const { config } = await manager.streams.info("RESULTS");
    const copies = { ...config, republish: { src: ">", dest: "turns.events.>" } };
    await expect(manager.streams.update("RESULTS", copies)).rejects.toThrow(/permission/i);
    await expect(manager.streams.add(copies)).rejects.toThrow(/already in use/);
    await expect(manager.streams.purge("RESULTS")).rejects.toThrow(/permission/i);
    await expect(manager.streams.delete("RESULTS")).rejects.toThrow(/permission/i);
  });

  test("a question is answered once, and nobody's inbox gets anything without one", async () => {
    const [memory, gateway] = await Promise.all([nats.connectAs("memory"), nats.connectAs("gateway")]);
    const served = memory.serve(memorySessionsList, () => ({ sessions: ["s1"] }));
    await memory.flush();
    expect(await gateway.call(memorySessionsList, {})).toEqual({ sessions: ["s1"] });
    await served.stop();

    const answer = gateway.connection.createInbox();
    expect(await refusalOf(memory, () => memory.publish(answer, {}))).toContain(answer);
  });
});

describe("with the gateway's credentials", () => {
  test("a turn is queued and followed, but not taken from the queue", async () => {
    const [gateway, orchestrator] = await Promise.all([nats.connectAs("gateway"), nats.connectAs("orchestrator")]);
    const queue = await openTurnQueue(gateway);
    const heard = new Promise<unknown>((resolve) => {
      gateway.subscribe(subjects.sessionEvents(turn.owner, turn.sessionId), (message) => resolve(message.json()));
    });
    await gateway.flush();
    orchestrator.publish(subjects.turnEvents(turn), { type: "turn.delta" });
    expect(await heard).toEqual({ type: "turn.delta" });
    expect(await queue.pending()).toEqual({ high: 0, normal: 0, low: 0 });
    const next = "$JS.API.CONSUMER.MSG.NEXT.TURNS.TURNS-high";
    expect(await refusalOf(gateway, () => gateway.publish(next, ""))).toContain(next);
  });

  test("the system's level and flags cannot be written", async () => {
    const gateway = await nats.connectAs("gateway");
    for (const subject of ["$KV.system.state", "$KV.flags.v2_api"]) {
      expect(await refusalOf(gateway, () => gateway.publish(subject, ""))).toContain(subject);
    }
  });
});

describe("refused requests", () => {
  test("fail at once, not when their time is up", async () => {
    const memory = await nats.connectAs("memory");
    const flagsPut = defineCall({
      subject: "flags.put",
      request: z.object({}),
      response: z.object({}),
      timeoutMs: 60_000,
    });
    await expect(memory.call(flagsPut, {})).rejects.toMatchObject(forbidden);
  });

  test("with an inbox prefix that is another user's no answer arrives", async () => {
    const [memory, gateway] = await Promise.all([
      nats.connectAs("memory"),
      nats.connectAs("gateway", { inboxPrefix: "_INBOX_memory" }),
    ]);
    memory.serve(memorySessionsList, () => ({ sessions: [] }));
    await memory.flush();
    await expect(gateway.call(memorySessionsList, {}, { timeoutMs: 200 })).rejects.toMatchObject({ code: "timeout" });
  });
});

describe("a stream that the user may not change", () => {
  let operator: Bus;
  beforeAll(async () => {
    operator = await nats.connectAs("operator");
    const manager = await jetstreamManager(operator.connection.nats, { checkAPI: false });
    await openTurnResults(operator);
    const { config } = await manager.streams.info("RESULTS");
    await manager.streams.update("RESULTS", { ...config, max_bytes: 1024 ** 3 });
  });
  afterAll(() => operator.drain());

  test("is used as it is", async () => {
    const orchestrator = await nats.connectAs("orchestrator");
    const results = await openTurnResults(orchestrator);
    expect(await results.get(subjects.turnResult(turn))).toBeUndefined();
    const manager = await jetstreamManager(orchestrator.connection.nats, { checkAPI: false });
    expect((await manager.streams.info("RESULTS")).config.max_bytes).toBe(1024 ** 3);
  });
});
