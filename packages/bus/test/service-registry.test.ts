import { expect, test } from "vitest";
import { registerService } from "../src/index.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();

test("answers PING, INFO and STATS of the NATS service protocol until it is stopped", async () => {
  const [bus, asker] = await Promise.all([nats.connect(), nats.connect()]);
  const registration = await registerService(bus, {
    name: "memory",
    version: "1.2.3",
    description: "Remembers",
    metadata: { instance: "memory-1" },
    endpoints: ["memory.turn.begin", "memory.turn.commit"],
  });
  await bus.flush();
  const ask = async (verb: string): Promise<unknown> =>
    (await asker.connection.nats.request(`$SRV.${verb}.memory`, "", { timeout: 1_000 })).json();
  const identity = { name: "memory", id: registration.id, version: "1.2.3" };
  expect(await ask("PING")).toMatchObject({ type: "io.nats.micro.v1.ping_response", ...identity });
  expect(await ask("INFO")).toMatchObject({
    type: "io.nats.micro.v1.info_response",
    ...identity,
    description: "Remembers",
    metadata: { instance: "memory-1", endpoints: "memory.turn.begin,memory.turn.commit" },
  });
  expect(await ask("STATS")).toMatchObject({ type: "io.nats.micro.v1.stats_response", ...identity });
  await registration.stop();
  await registration.stop();
  await expect(ask("PING")).rejects.toThrow();
});

test("refuses a name that is none", async () => {
  const bus = await nats.connect();
  await expect(
    registerService(bus, { name: "no good", version: "1.0.0", description: "", metadata: {}, endpoints: [] }),
  ).rejects.toMatchObject({ name: "OrchestraError" });
});
