import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nkeys } from "@nats-io/nats-core";
import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { afterAll, afterEach, beforeAll } from "vitest";
import { connectBus, type Bus } from "../../src/index.js";

const AUTHORIZATION = fileURLToPath(new URL("../../../../infra/nats/authorization.conf", import.meta.url));
const USERS = ["gateway", "orchestrator", "memory", "flags", "health", "operator"] as const;

export type User = (typeof USERS)[number];

export interface RestrictedNats {
  readonly server: NatsServer;
  /** A bus of the user, with the inbox prefix that its service has; drained after the test. */
  connectAs(user: User, options?: { inboxPrefix?: string }): Promise<Bus>;
}

/** A real nats-server with the users and permissions of `infra/nats`, for the tests of a file. */
export function useRestrictedNats(): RestrictedNats {
  const keys = new Map(USERS.map((user) => [user, nkeys.createUser()]));
  const buses: Bus[] = [];
  let dataDir = "";
  let server: NatsServer | undefined;
  /** The server would take them from its environment. */
  const withPublicKeys = (config: string): string =>
    config.replaceAll(/\$NATS_([A-Z]+)_NKEY/g, (_variable, user: string) => {
      return `"${keys.get(user.toLowerCase() as User)!.getPublicKey()}"`;
    });
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "bus-permissions-"));
    server = await startNatsServer({ dataDir, extraConfig: withPublicKeys(await readFile(AUTHORIZATION, "utf8")) });
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
    async connectAs(user, { inboxPrefix = `_INBOX_${user}` } = {}) {
      const bus = await connectBus({
        servers: [this.server.url],
        name: `${user}-test`,
        nkeySeed: new TextDecoder().decode(keys.get(user)!.getSeed()),
        inboxPrefix,
      });
      buses.push(bus);
      return bus;
    },
  };
}
