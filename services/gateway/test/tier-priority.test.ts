import { connectBus, type Bus } from "@ai-orchestra/bus";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerHello, startTestBed, type TestBed } from "./support/test-bed.js";
import { bearer, SECRET, signToken } from "./support/tokens.js";
import { V2Client } from "./support/v2-client.js";

let bed: TestBed;
let bus: Bus;
const queuedOn = new Map<string, string>();

beforeAll(async () => {
  bed = await startTestBed(answerHello, { AUTH_JWT_SECRET: SECRET, GATEWAY_TIER_PRIORITIES: "pro=high, free=low" });
  bus = await connectBus({ servers: [bed.nats.url], name: "tier-priority" });
  bus.subscribe("turns.queue.*", (message) => {
    queuedOn.set(message.json<{ turnId: string }>().turnId, message.subject);
  });
  await bus.flush();
});

afterAll(async () => {
  await bus.drain();
  await bed.stop();
});

test.each([
  ["pro", "high"],
  ["free", "low"],
  ["unheard-of", "normal"],
  [undefined, "normal"],
])("a turn of tier %s is queued as %s", async (tier, priority) => {
  const turnId = `of-${tier}`;
  const headers = bearer(await signToken({ sub: `client-${tier}`, ...(tier === undefined ? {} : { tier }) }));
  const client = await V2Client.connect(bed.gateway.url, { headers });
  client.send({ type: "turn.start", turnId, input: { text: "hello" } });
  await client.receive("turn.completed");
  expect(queuedOn.get(turnId)).toBe(`turns.queue.${priority}`);
  client.close();
});
