import { z } from "zod";

/** The question that all rivals carry: an object of 200 bytes as JSON, answered with the same object. */
const message = z.object({
  id: z.string().min(1).max(64),
  order: z.number().int(),
  tags: z.array(z.string()),
  text: z.string().max(1_000),
});

export const echoContract = { subject: "bench.echo", request: message, response: message, timeoutMs: 5_000 };

/** @param {number} order */
export function createMessage(order) {
  const value = { id: `message-${String(order).padStart(12, "0")}`, order, tags: ["alpha", "beta"], text: "" };
  return { ...value, text: "x".repeat(200 - Buffer.byteLength(JSON.stringify(value))) };
}
