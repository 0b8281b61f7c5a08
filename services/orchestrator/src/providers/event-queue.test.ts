import { describe, expect, it, vi } from "vitest";
import { EventQueue } from "./event-queue.js";

function createQueue() {
  const hooks = { onDrained: vi.fn(), onAbandoned: vi.fn() };
  return { queue: new EventQueue<number>(hooks), hooks };
}

async function collect(queue: EventQueue<number>): Promise<number[]> {
  const items: number[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

describe("EventQueue", () => {
  it("delivers what was pushed before and after the reader came, in order", async () => {
    const { queue } = createQueue();
    queue.push(1);
    const collected = collect(queue);
    queue.push(2);
    await Promise.resolve();
    queue.push(3);
    queue.end();
    expect(await collected).toEqual([1, 2, 3]);
  });

  it("delivers what came before an error, unless told to discard it", async () => {
    const kept = createQueue().queue;
    kept.push(1);
    kept.fail(new Error("broken"));
    expect((await kept.next()).value).toBe(1);
    await expect(kept.next()).rejects.toThrow("broken");

    const dropped = createQueue().queue;
    dropped.push(1);
    dropped.fail(new Error("broken"), { discard: true });
    await expect(dropped.next()).rejects.toThrow("broken");
  });

  it("wakes a waiting reader with the end or the error", async () => {
    const ended = createQueue().queue;
    const waitingForEnd = ended.next();
    ended.end();
    expect(await waitingForEnd).toEqual({ value: undefined, done: true });

    const failed = createQueue().queue;
    const waitingForError = failed.next();
    failed.fail(new Error("broken"));
    await expect(waitingForError).rejects.toThrow("broken");
  });

  it("ignores everything after the first end", async () => {
    const { queue } = createQueue();
    queue.end();
    queue.push(1);
    queue.fail(new Error("late"));
    expect(await collect(queue)).toEqual([]);
  });

  it("tells when the reader has taken everything", async () => {
    const { queue, hooks } = createQueue();
    queue.push(1);
    queue.push(2);
    expect(queue.size).toBe(2);
    await queue.next();
    expect(hooks.onDrained).not.toHaveBeenCalled();
    await queue.next();
    expect(hooks.onDrained).toHaveBeenCalledOnce();
  });

  it("tells when the reader leaves, but only before the end", async () => {
    const { queue, hooks } = createQueue();
    queue.push(1);
    for await (const item of queue) if (item === 1) break;
    expect(hooks.onAbandoned).toHaveBeenCalledOnce();
    await queue.return();
    expect(hooks.onAbandoned).toHaveBeenCalledOnce();
  });
});
