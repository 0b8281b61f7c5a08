import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNatsServer, type NatsServer, type NatsServerOptions } from "@ai-orchestra/stack";
import { afterAll, afterEach, beforeAll } from "vitest";
import { connectBus, type Bus, type BusOptions } from "../../src/index.js";

export interface NatsFixture {
  readonly server: NatsServer;
  /** A bus that is drained after the test. */
  connect(options?: Partial<BusOptions>): Promise<Bus>;
  /** A name that no other test of the file has, fit for streams, subjects and buckets. */
  uniqueName(prefix: string): string;
}

/** A real nats-server for the tests of a file. */
export function useNats(options: Pick<NatsServerOptions, "maxFileStoreBytes"> = {}): NatsFixture {
  let server: NatsServer | undefined;
  let dataDir = "";
  let names = 0;
  const buses: Bus[] = [];
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "bus-test-"));
    server = await startNatsServer({ dataDir, maxPayloadBytes: 64 * 1024, ...options });
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.drain()));
  });
  afterAll(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    get server() {
      if (server === undefined) throw new Error("the server is not started yet");
      return server;
    },
    async connect(options = {}) {
      const bus = await connectBus({ servers: [this.server.url], name: "test", ...options });
      buses.push(bus);
      return bus;
    },
    uniqueName(prefix) {
      names += 1;
      return `${prefix}${names}`;
    },
  };
}

/** Resolves when the bus has the status. */
export function becomes(bus: Bus, status: Bus["status"]): Promise<void> {
  if (bus.status === status) return Promise.resolve();
  return new Promise((resolve) => {
    const unwatch = bus.onStatus((current) => {
      if (current !== status) return;
      unwatch();
      resolve();
    });
  });
}
