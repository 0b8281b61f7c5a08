import type { ErrorFrame } from "@ai-orchestra/contracts";
import { describe, expect, it } from "vitest";
import { provideClients } from "../test/clients.js";
import { accepted, completed, started } from "../test/frames.js";

const { startGateway, connectTo, connectWith } = provideClients();

function refuse(turnId: string, code: ErrorFrame["code"], retryable: boolean, retryAfterMs?: number): ErrorFrame {
  return { type: "error", code, message: "refused", retryable, retryAfterMs, turnId };
}

describe("TurnRegistry", () => {
  it("keeps turns for the connection, in order, and refuses those past the bound", async () => {
    const gateway = await startGateway();
    const client = connectWith({ url: gateway.url, maxQueuedTurns: 2 });
    const turns = ["t1", "t2", "t3"].map((turnId) => client.chat({ text: turnId, turnId }));
    await expect(turns[2]!.text).rejects.toMatchObject({ code: "queue_full", retryable: true, turnId: "t3" });
    const connection = await gateway.nextConnection();
    expect((await connection.next("turn.start")).turnId).toBe("t1");
    expect((await connection.next("turn.start")).turnId).toBe("t2");
  });

  it("has no more turns in flight than the server allows", async () => {
    const gateway = await startGateway({ limits: { maxTurnsInFlight: 1 } });
    const client = connectTo(gateway);
    const first = client.chat({ text: "a", turnId: "t1" });
    client.chat({ text: "b", turnId: "t2" });
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    connection.send(accepted("t1"), completed("t1", 1, "done"));
    await first.text;
    expect((await connection.next("turn.start")).turnId).toBe("t2");
    expect(connection.received).toHaveLength(2);
  });

  it("fails a turn that nobody accepts in time", async () => {
    const gateway = await startGateway();
    const turn = connectWith({ url: gateway.url, acceptTimeoutMs: 50 }).chat("hello");
    await expect(turn.accepted).rejects.toMatchObject({ code: "timeout", retryable: true });
    await expect(turn.text).rejects.toMatchObject({ code: "timeout", turnId: turn.turnId });
  });

  it("fails an accepted turn that never ends", async () => {
    const gateway = await startGateway();
    const client = connectWith({ url: gateway.url, turnGraceMs: 20 });
    const turn = client.chat({ text: "a", turnId: "t", options: { timeoutMs: 100 } });
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    connection.send(accepted("t"), started("t"));
    await expect(turn.text).rejects.toMatchObject({ code: "timeout", retryable: true });
  });

  it("sends a turn again that was refused for now", async () => {
    const gateway = await startGateway();
    const turn = connectTo(gateway).chat({ text: "a", turnId: "t" });
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    connection.send(refuse("t", "unavailable", true, 5));
    expect((await connection.next("turn.start")).turnId).toBe("t");
    connection.send(accepted("t"), completed("t", 1, "done"));
    expect(await turn.text).toBe("done");
  });

  it("fails a turn that was refused for good, or for longer than it would wait", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const bad = client.chat({ text: " ", turnId: "t1" });
    const late = client.chat({ text: "a", turnId: "t2" });
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    await connection.next("turn.start");
    connection.send(refuse("t1", "invalid_request", false), refuse("t2", "maintenance", true, 600_000));
    await expect(bad.text).rejects.toMatchObject({ code: "invalid_request", retryable: false });
    await expect(late.text).rejects.toMatchObject({ code: "maintenance", retryAfterMs: 600_000 });
  });

  it("never sends what is larger than the server accepts, which would cost the connection", async () => {
    const gateway = await startGateway({ limits: { maxMessageBytes: 1_000 } });
    const client = connectTo(gateway);
    await expect(client.chat("ä".repeat(600)).text).rejects.toMatchObject({ code: "too_large", retryable: false });
    client.chat({ text: "small", turnId: "t" });
    const connection = await gateway.nextConnection();
    expect((await connection.next("turn.start")).turnId).toBe("t");
  });

  it("ends a turn at once that is cancelled before it was sent", async () => {
    const client = connectWith({ url: "http://127.0.0.1:1" });
    const abort = new AbortController();
    const turn = client.chat({ text: "a", signal: abort.signal });
    abort.abort();
    await expect(turn.text).rejects.toMatchObject({ code: "cancelled" });
    const chunks: string[] = [];
    for await (const chunk of turn) chunks.push(chunk);
    expect(chunks).toEqual([]);
  });

  it("joins the turn that runs already under the same id", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const turns = [client.chat({ text: "a", turnId: "t" }), client.chat({ text: "a", turnId: "t" })];
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    connection.send(accepted("t"), completed("t", 1, "once"));
    expect(await Promise.all(turns.map((turn) => turn.text))).toEqual(["once", "once"]);
    expect(connection.received).toHaveLength(1);
  });

  it("follows a turn that was started elsewhere from its beginning", async () => {
    const gateway = await startGateway();
    const turn = connectTo(gateway).resume({ turnId: "t", sessionId: "s1" });
    const connection = await gateway.nextConnection();
    expect(await connection.next("turn.resume")).toMatchObject({ sessionId: "s1", attempt: 0, position: 0 });
    connection.send(completed("t", 1, "there"));
    expect(await turn.text).toBe("there");
  });

  it("refuses ids that the protocol does not accept", () => {
    const client = connectWith({ url: "http://127.0.0.1:1" });
    expect(() => client.chat({ text: "a", turnId: "a.b" })).toThrow(/turnId/);
    expect(() => client.attach("a b", () => undefined)).toThrow(/sessionId/);
  });
});
