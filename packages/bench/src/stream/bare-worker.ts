import { connect } from "@nats-io/transport-node";

/** The bare loop's back: answers a turn with one NATS message per token, all at once. */
const bus = await connect({ servers: process.env["NATS_URL"] });
const tokens = Number(process.env["TOKENS"] ?? 64);
const encoder = new TextEncoder();

bus.subscribe("bare.turns", {
  callback: (_error, message) => {
    const { turnId } = message.json<{ turnId: string }>();
    const subject = message.reply ?? "";
    for (let index = 0; index < tokens; index += 1) {
      const text = `t${index} `;
      const last = index === tokens - 1;
      bus.publish(
        subject,
        encoder.encode(JSON.stringify({ type: last ? "turn.completed" : "turn.delta", turnId, text })),
      );
    }
  },
});
await bus.flush();
console.log("ready worker");
