import { afterEach } from "vitest";
import { createClient, type ClientOptions, type OrchestraClient } from "../src/index.js";
import { FakeGateway, type FakeGatewayOptions } from "./fake-gateway.js";

/** Starts gateways and clients for the tests of one file and ends them after each test. */
export function provideClients(): {
  startGateway: (options?: FakeGatewayOptions) => Promise<FakeGateway>;
  /** A client that redials almost at once. */
  connectTo: (...gateways: FakeGateway[]) => OrchestraClient;
  connectWith: (options: ClientOptions) => OrchestraClient;
} {
  const gateways: FakeGateway[] = [];
  const clients: OrchestraClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });
  const connectWith = (options: ClientOptions): OrchestraClient => {
    const client = createClient({ reconnect: { baseDelayMs: 5, maxDelayMs: 50 }, ...options });
    clients.push(client);
    return client;
  };
  return {
    connectWith,
    connectTo: (...targets) => connectWith({ url: targets.map((gateway) => gateway.url) }),
    async startGateway(options) {
      const gateway = await FakeGateway.start(options);
      gateways.push(gateway);
      return gateway;
    },
  };
}
