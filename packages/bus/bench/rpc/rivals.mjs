/**
 * The rivals, each as a server and a client over the same nats-server. All of them parse and write JSON on both sides.
 * Ours validates on both sides, and sends its deadline and a traceparent.
 */
import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import { connect } from "@nats-io/transport-node";
import { ServiceBroker } from "moleculer";
import { connectBus } from "@ai-orchestra/bus";
import { startTracing } from "@ai-orchestra/telemetry";
import { echoContract } from "./contract.mjs";

/** @typedef {(request: object) => Promise<object>} Ask */
/** @typedef {{ serve(url: string): Promise<void>; open(url: string): Promise<{ ask: Ask; run?: (work: () => Promise<void>) => Promise<void> }> }} Rival */

const TRACE = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 0 };

/** @type {Rival} */
const orchestra = {
  async serve(url) {
    startTracing({ service: "bench", instance: "server", exporter: "none" });
    const bus = await connectBus({ servers: [url], name: "bench-server" });
    bus.serve(echoContract, (request) => request);
    await bus.flush();
  },
  async open(url) {
    startTracing({ service: "bench", instance: "client", exporter: "none" });
    const bus = await connectBus({ servers: [url], name: "bench-client" });
    return {
      ask: (request) => bus.call(echoContract, request),
      run: (work) => context.with(trace.setSpanContext(ROOT_CONTEXT, TRACE), work),
    };
  },
};

/** @type {Rival} */
const natsRequest = {
  async serve(url) {
    const nats = await connect({ servers: url });
    nats.subscribe("bench.request", {
      queue: "bench",
      callback: (_error, message) => message.respond(JSON.stringify(message.json())),
    });
    await nats.flush();
  },
  async open(url) {
    const nats = await connect({ servers: url });
    return {
      ask: async (request) =>
        (await nats.request("bench.request", JSON.stringify(request), { timeout: echoContract.timeoutMs })).json(),
    };
  },
};

/** @type {Rival} */
const moleculer = {
  async serve(url) {
    const broker = new ServiceBroker({ nodeID: "bench-server", logger: false, transporter: url });
    broker.createService({ name: "bench", actions: { echo: (ctx) => ctx.params } });
    await broker.start();
  },
  async open(url) {
    const broker = new ServiceBroker({
      nodeID: "bench-client",
      logger: false,
      transporter: url,
      requestTimeout: echoContract.timeoutMs,
    });
    await broker.start();
    await broker.waitForServices("bench", 10_000);
    return { ask: (request) => broker.call("bench.echo", request) };
  },
};

/** @type {Record<string, Rival>} */
export const RIVALS = { "bus.call": orchestra, "nc.request": natsRequest, moleculer };
