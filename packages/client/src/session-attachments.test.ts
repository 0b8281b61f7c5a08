import { describe, expect, it } from "vitest";
import { provideClients } from "../test/clients.js";
import { accepted, completed, delta, started } from "../test/frames.js";
import type { TurnFrame } from "./index.js";

const { startGateway, connectTo } = provideClients();

/** Collects frames and says when a certain number is there. */
function createInbox(): {
  frames: TurnFrame[];
  onFrame: (frame: TurnFrame) => void;
  until: (count: number) => Promise<void>;
} {
  const frames: TurnFrame[] = [];
  const waiters: { count: number; resolve: () => void }[] = [];
  return {
    frames,
    onFrame: (frame) => {
      frames.push(frame);
      for (const waiter of waiters) if (frames.length >= waiter.count) waiter.resolve();
    },
    until: (count) =>
      new Promise((resolve) => {
        waiters.push({ count, resolve });
        if (frames.length >= count) resolve();
      }),
  };
}

describe("SessionAttachments", () => {
  it("passes on the turns of other devices, each event once, over a reconnect", async () => {
    const gateway = await startGateway();
    const inbox = createInbox();
    connectTo(gateway).attach("s1", inbox.onFrame);
    const first = await gateway.nextConnection();
    expect(await first.next("session.attach")).toEqual({ type: "session.attach", sessionId: "s1" });
    first.send(started("other"), delta("other", 1, 0, "ab"), delta("other", 1, 0, "ab"));
    await inbox.until(2);
    first.kill();
    const second = await gateway.nextConnection();
    await second.next("session.attach");
    expect(await second.next("turn.resume")).toMatchObject({ turnId: "other", attempt: 1, position: 2 });
    second.send(started("other"), delta("other", 1, 0, "abcd"), completed("other", 1, "abcd"));
    second.send(completed("other", 1, "abcd"));
    await inbox.until(4);
    const expected = [started("other"), delta("other", 1, 0, "ab"), delta("other", 1, 2, "cd")];
    expect(inbox.frames).toEqual([...expected, completed("other", 1, "abcd")]);
  });

  it("passes on the client's own turns of the session as well", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const inbox = createInbox();
    client.attach("s1", inbox.onFrame);
    const turn = client.chat({ text: "a", sessionId: "s1", turnId: "mine" });
    const connection = await gateway.nextConnection();
    await connection.next("session.attach");
    await connection.next("turn.start");
    connection.send(accepted("mine"), started("mine"), delta("mine", 1, 0, "x"), completed("mine", 1, "x"));
    expect(await turn.text).toBe("x");
    await inbox.until(4);
  });

  it("asks for the beginning of a turn that it joins in the middle", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const turn = client.chat({ text: "a", sessionId: "s1", turnId: "mine" });
    const connection = await gateway.nextConnection();
    await connection.next("turn.start");
    connection.send(accepted("mine"), started("mine"), delta("mine", 1, 0, "ab"));
    await turn[Symbol.asyncIterator]().next();
    const inbox = createInbox();
    client.attach("s1", inbox.onFrame);
    await connection.next("session.attach");
    connection.send(delta("mine", 1, 2, "cd"));
    expect(await connection.next("turn.resume")).toMatchObject({ turnId: "mine", attempt: 0, position: 0 });
    connection.send(started("mine"), delta("mine", 1, 0, "abcd"));
    await inbox.until(2);
    expect(inbox.frames).toEqual([started("mine"), delta("mine", 1, 0, "abcd")]);
  });

  it("detaches when the last listener of a session is gone", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const [detachOne, detachTwo] = [client.attach("s1", () => undefined), client.attach("s1", () => undefined)];
    const connection = await gateway.nextConnection();
    await connection.next("session.attach");
    detachOne();
    detachTwo();
    detachTwo();
    expect(await connection.next("session.detach")).toEqual({ type: "session.detach", sessionId: "s1" });
    expect(connection.received).toHaveLength(2);
  });

  it("reports a refusal that names no turn", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const refused = new Promise((resolve) => client.onError(resolve));
    client.attach("s1", () => undefined);
    const connection = await gateway.nextConnection();
    await connection.next("session.attach");
    connection.send({ type: "error", code: "forbidden", message: "not yours", retryable: false });
    expect(await refused).toMatchObject({ code: "forbidden", retryable: false });
  });
});
