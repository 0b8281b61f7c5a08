import { describe, expect, it } from "vitest";
import { provideClients } from "../test/clients.js";
import { accepted, cancelled, completed, delta, failed, started } from "../test/frames.js";
import { createDeferred } from "./deferred.js";
import type { ChatTurn, TextRestart, TurnFrame } from "./index.js";

const { startGateway, connectTo } = provideClients();

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

async function startTurn(onRestart?: (restart: TextRestart) => void) {
  const gateway = await startGateway();
  const turn: ChatTurn = connectTo(gateway).chat({ text: "hello", sessionId: "s1", turnId: "t", onRestart });
  const connection = await gateway.nextConnection();
  const start = await connection.next("turn.start");
  return { turn, connection, start };
}

describe("ChatTurn", () => {
  it("streams the answer and ends with the completed frame", async () => {
    const { turn, connection, start } = await startTurn();
    expect(start).toEqual({ type: "turn.start", turnId: "t", sessionId: "s1", input: { text: "hello" } });
    expect(turn.status).toBe("submitted");
    connection.send(accepted("t"), started("t"));
    expect(await turn.accepted).toEqual(accepted("t"));
    const chunks = collect(turn);
    connection.send(delta("t", 1, 0, "Hi "), delta("t", 1, 3, "there"), completed("t", 1, "Hi there"));
    expect((await chunks).join("")).toBe("Hi there");
    expect(await turn.text).toBe("Hi there");
    expect(await turn.completed).toEqual(completed("t", 1, "Hi there"));
    expect(turn).toMatchObject({ status: "completed", model: "fake/model", sessionId: "s1" });
  });

  it("gives the whole text to every reader, however late", async () => {
    const { turn, connection } = await startTurn();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "one "), delta("t", 1, 4, "two"));
    connection.send(completed("t", 1, "one two"));
    await turn.completed;
    expect(await collect(turn)).toEqual(["one two"]);
    expect((await collect(turn)).join("")).toBe("one two");
    expect(await collect(turn.snapshots)).toEqual(["one two"]);
  });

  it("leaves out repeated frames and asks for missing ones", async () => {
    const { turn, connection } = await startTurn();
    const chunks = collect(turn);
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "ab"), delta("t", 1, 0, "ab"));
    connection.send(delta("t", 1, 4, "ef"), delta("t", 1, 6, "gh"));
    const resume = await connection.next("turn.resume");
    expect(resume).toEqual({ type: "turn.resume", turnId: "t", sessionId: "s1", attempt: 1, position: 2 });
    connection.send(delta("t", 1, 2, "cdefgh"), completed("t", 1, "abcdefgh"));
    expect((await chunks).join("")).toBe("abcdefgh");
    expect(connection.received.filter((frame) => frame.type === "turn.resume")).toHaveLength(1);
  });

  it("goes on where it was when a later attempt says the same again", async () => {
    const { turn, connection } = await startTurn();
    const chunks = turn[Symbol.asyncIterator]();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "Hello wo"));
    expect(await chunks.next()).toEqual({ done: false, value: "Hello wo" });
    connection.send(started("t", 2), delta("t", 1, 8, "XX"), delta("t", 2, 0, "Hello"), delta("t", 2, 5, " world"));
    expect(await chunks.next()).toEqual({ done: false, value: "rld" });
    connection.send(completed("t", 2, "Hello world"));
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
  });

  it("reports what to take back before it goes on with a different answer", async () => {
    let shown = "";
    const restarts: TextRestart[] = [];
    const { turn, connection } = await startTurn((restart) => {
      restarts.push(restart);
      shown = shown.slice(0, shown.length - restart.discardedText.length);
    });
    const firstChunk = createDeferred<void>();
    const reading = (async () => {
      for await (const chunk of turn) {
        shown += chunk;
        firstChunk.resolve();
      }
    })();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "Hello wo"));
    await firstChunk.promise;
    connection.send(started("t", 2), delta("t", 2, 0, "Good "), delta("t", 2, 5, "day"));
    connection.send(completed("t", 2, "Good day"));
    await reading;
    expect(restarts).toEqual([{ attempt: 2, discardedText: "Hello wo" }]);
    expect(shown).toBe("Good day");
  });

  it("throws rather than run two answers into one another when nobody listens for restarts", async () => {
    const { turn, connection } = await startTurn();
    const chunks = turn[Symbol.asyncIterator]();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "Hello"));
    await chunks.next();
    connection.send(started("t", 2), delta("t", 2, 0, "Bye"), completed("t", 2, "Bye"));
    await expect(chunks.next()).rejects.toMatchObject({ code: "text_restarted", turnId: "t" });
    expect(await turn.text).toBe("Bye");
  });

  it("shows restarts in snapshots by the text alone", async () => {
    const { turn, connection } = await startTurn();
    const snapshots = turn.snapshots[Symbol.asyncIterator]();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "Hello"));
    expect((await snapshots.next()).value).toBe("Hello");
    connection.send(started("t", 2), delta("t", 2, 0, "Bye"));
    expect((await snapshots.next()).value).toBe("Bye");
    connection.send(completed("t", 2, "Bye!"));
    expect((await snapshots.next()).value).toBe("Bye!");
  });

  it("makes the text exactly output.text when deltas are missing at the end, or the first result was an earlier attempt's", async () => {
    const restarts: string[] = [];
    const { turn, connection } = await startTurn(({ discardedText }) => restarts.push(discardedText));
    const chunks = turn[Symbol.asyncIterator]();
    connection.send(accepted("t"), started("t", 2), delta("t", 2, 0, "second"));
    await chunks.next();
    connection.send(completed("t", 1, "first, whole"));
    expect(await chunks.next()).toEqual({ done: false, value: "first, whole" });
    expect(restarts).toEqual(["second"]);
  });

  it("shows every frame once in events, merged for a slow reader", async () => {
    const { turn, connection } = await startTurn();
    const events = turn.events[Symbol.asyncIterator]();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "ab"), delta("t", 1, 2, "cd"));
    connection.send(delta("t", 1, 2, "cd"), completed("t", 1, "abcd"));
    await turn.completed;
    const seen: TurnFrame[] = [];
    for (let step = await events.next(); step.done !== true; step = await events.next()) seen.push(step.value);
    expect(seen).toEqual([accepted("t"), started("t"), delta("t", 1, 0, "abcd"), completed("t", 1, "abcd")]);
  });

  it("rejects with the server's code and the partial text when the turn fails", async () => {
    const { turn, connection } = await startTurn();
    const chunks = turn[Symbol.asyncIterator]();
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "Hel"));
    await chunks.next();
    connection.send(failed("t", "Hello"));
    expect(await chunks.next()).toEqual({ done: false, value: "lo" });
    const error = { code: "provider_unavailable", retryable: true, retryAfterMs: 50, partialText: "Hello" };
    await expect(chunks.next()).rejects.toMatchObject(error);
    await expect(turn.text).rejects.toMatchObject(error);
    await expect(turn.completed).rejects.toMatchObject(error);
  });

  it("ends quietly for the one who cancelled and rejects its promises", async () => {
    const { turn, connection } = await startTurn();
    const chunks = collect(turn);
    connection.send(accepted("t"), started("t"), delta("t", 1, 0, "Hel"));
    await turn.accepted;
    turn.cancel();
    expect(await connection.next("turn.cancel")).toEqual({ type: "turn.cancel", turnId: "t", sessionId: "s1" });
    connection.send(cancelled("t", "Hello"));
    expect((await chunks).join("")).toBe("Hello");
    await expect(turn.text).rejects.toMatchObject({ code: "cancelled", partialText: "Hello" });
    expect(turn.status).toBe("cancelled");
  });

  it("throws for readers of a turn that somebody else cancelled", async () => {
    const { turn, connection } = await startTurn();
    connection.send(accepted("t"), started("t"), cancelled("t", ""));
    await expect(collect(turn)).rejects.toMatchObject({ code: "cancelled" });
  });
});
