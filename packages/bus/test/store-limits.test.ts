import { expect, test } from "vitest";
import { useNats } from "./support/nats-fixture.js";
import { openTestStore } from "./support/store-fixture.js";

const MIB = 1024 ** 2;

const nats = useNats({ maxFileStoreBytes: 24 * MIB });

test("a store is opened again and changed where the server has no room for a second one of its size", async () => {
  const buses = await Promise.all([nats.connect(), nats.connect()]);
  const first = await openTestStore(buses[0], "ROOM", { maxBytes: 16 * MIB });
  const second = await openTestStore(buses[1], "ROOM", { maxBytes: 16 * MIB });
  await first.put("results.ROOM.turn", { by: "first" });
  expect(await second.get("results.ROOM.turn")).toMatchObject({ value: { by: "first" } });
  const smaller = await openTestStore(buses[0], "ROOM", { maxBytes: 12 * MIB });
  expect(await smaller.get("results.ROOM.turn")).toMatchObject({ value: { by: "first" } });
});

test("a store that the server has no room for is refused", async () => {
  const bus = await nats.connect();
  await expect(openTestStore(bus, "TOOBIG", { maxBytes: 32 * MIB })).rejects.toMatchObject({ retryable: false });
});
