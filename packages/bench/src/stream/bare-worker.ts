import { connect } from "@nats-io/transport-node";

/**
 * The bare loop's back: reads a model that is an async generator, as every model is, and sends one NATS message per
 * token. With `BURST=1` it sends all tokens in one go instead, which nats-core writes together: no model streams so, and
 * the figure only shows what the loop would do at best.
 */
const bus = await connect({ servers: process.env["NATS_URL"] });
const tokens = Number(process.env["TOKENS"] ?? 64);
const encoder = new TextEncoder();

async function* generateTokens(): AsyncGenerator<string> {
  for (let index = 0; index < tokens; index += 1) yield `t${index} `;
}

function send(subject: string, turnId: string, index: number, text: string): void {
  const type = index === tokens - 1 ? "turn.completed" : "turn.delta";
  bus.publish(subject, encoder.encode(JSON.stringify({ type, turnId, text })));
}

async function answer(subject: string, turnId: string): Promise<void> {
  let index = 0;
  for await (const text of generateTokens()) {
    send(subject, turnId, index, text);
    index += 1;
  }
}

function answerInOneGo(subject: string, turnId: string): void {
  for (let index = 0; index < tokens; index += 1) send(subject, turnId, index, `t${index} `);
}

bus.subscribe("bare.turns", {
  callback: (_error, message) => {
    const { turnId } = message.json<{ turnId: string }>();
    const subject = message.reply ?? "";
    if (process.env["BURST"] === "1") answerInOneGo(subject, turnId);
    else void answer(subject, turnId);
  },
});
await bus.flush();
console.log("ready worker");
