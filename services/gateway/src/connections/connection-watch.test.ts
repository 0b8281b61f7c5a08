import type { Bus } from "@ai-orchestra/bus";
import { createManualClock } from "@ai-orchestra/service-kit";
import { expect, test } from "vitest";
import { createPrincipal } from "../auth/principal.js";
import type { Connection } from "./connection-registry.js";
import { ConnectionRegistry } from "./connection-registry.js";
import { ConnectionWatch } from "./connection-watch.js";

interface WatchedConnection extends Connection {
  activeAtMs: number;
  readonly heard: (string | number)[];
}

/** A watch over one connection; it stands for the sockets, which the tests of the whole gateway have. */
function watchConnection(options: { expiresAt?: number; retireAtMs?: number; idleTimeoutMs?: number }) {
  const { expiresAt, retireAtMs = Infinity, idleTimeoutMs = 300_000 } = options;
  const clock = createManualClock();
  const startedMs = clock.monotonicMs();
  const registry = new ConnectionRegistry({ maxConnections: 10 });
  const heard: (string | number)[] = [];
  const connection: WatchedConnection = {
    id: "c1",
    principal: createPrincipal("alice", { expiresAt: expiresAt === undefined ? undefined : clock.now() + expiresAt }),
    activeAtMs: startedMs,
    retireAtMs: startedMs + retireAtMs,
    bufferedBytes: 0,
    congestedSinceMs: undefined,
    heard,
    announceDrain: () => heard.push("drain"),
    close: (code) => {
      heard.push(code);
      registry.remove(connection);
    },
  };
  registry.add(connection);
  const bus = { status: "connected" } as Bus;
  const limits = { slowConsumerTimeoutMs: 30_000, busOutageTimeoutMs: 30_000, idleTimeoutMs };
  new ConnectionWatch({ registry, bus, clock, ...limits }).start();
  return { clock, connection, heard };
}

test("a connection whose token ends is closed with 4004, not before", () => {
  const { clock, heard } = watchConnection({ expiresAt: 5_000 });
  clock.advance(4_900);
  expect(heard).toEqual([]);
  clock.advance(1_100);
  expect(heard).toEqual([4004]);
});

test("a connection that says nothing is closed with 4003, counted from the last thing it said", () => {
  const { clock, connection, heard } = watchConnection({ idleTimeoutMs: 10_000 });
  clock.advance(9_000);
  connection.activeAtMs = clock.monotonicMs();
  clock.advance(9_000);
  expect(heard).toEqual([]);
  clock.advance(2_000);
  expect(heard).toEqual([4003]);
});

test("a connection may be idle for ever where the operator says so", () => {
  const { clock, heard } = watchConnection({ idleTimeoutMs: 0 });
  clock.advance(3_600_000);
  expect(heard).toEqual([]);
});

test("a connection at the end of its lifetime is told to drain once, and closed with 4001 if it stays", () => {
  const { clock, heard } = watchConnection({ retireAtMs: 20_000 });
  clock.advance(20_000);
  expect(heard).toEqual([]);
  clock.advance(3_000);
  expect(heard).toEqual(["drain"]);
  clock.advance(4_000);
  expect(heard).toEqual(["drain", 4001]);
});
