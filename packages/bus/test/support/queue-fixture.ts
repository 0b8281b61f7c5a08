import { z } from "zod";
import { openWorkQueue, type Bus, type WorkQueue, type WorkQueueOptions } from "../../src/index.js";

export const itemSchema = z.object({ n: z.number() });
export type Item = z.infer<typeof itemSchema>;
export type Lane = "high" | "normal" | "low";

/** A queue with three lanes, weighted 6:3:1 unless the test says otherwise. */
export function openTestQueue(
  bus: Bus,
  name: string,
  options: Partial<WorkQueueOptions<Item, Lane>> = {},
): Promise<WorkQueue<Item, Lane>> {
  return openWorkQueue<Item, Lane>(bus, { ...queueOptions(name), schema: itemSchema, ...options });
}

/** The settings of `openTestQueue`, but for the schema. */
export function queueOptions(name: string): Omit<WorkQueueOptions<Item, Lane>, "schema"> {
  return {
    stream: name,
    subjectPrefix: `queue.${name}`,
    lanes: { high: 6, normal: 3, low: 1 },
    ackWaitMs: 1_000,
    maxMessages: 10_000,
    maxBytes: 64 * 1024 * 1024,
    maxAckPending: 10_000,
    replicas: 1,
    storage: "file",
  };
}

/** Submits items 0 to count - 1 to a lane. */
export async function submitMany(queue: WorkQueue<Item, Lane>, lane: Lane, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => queue.submit(lane, { n }, { messageId: `${lane}-${n}` })));
}

/** Messages that a stream holds, in work or not. */
export async function countMessages(bus: Bus, stream: string): Promise<number> {
  const reply = await bus.connection.nats.request(`$JS.API.STREAM.INFO.${stream}`);
  return reply.json<{ state: { messages: number } }>().state.messages;
}
