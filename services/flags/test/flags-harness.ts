import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBus, type Bus } from "@ai-orchestra/bus";
import { flagsPut, type FlagDefinitionInput, type FlagRecord } from "@ai-orchestra/contracts";
import { loadConfig, systemClock, type Component } from "@ai-orchestra/service-kit";
import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { createLogger, createMetrics } from "@ai-orchestra/telemetry";
import { envSchema } from "../src/config.js";
import { compose } from "../src/container.js";

/** A real NATS server, a caller's connection, and as many flags services inside this process as a test asks for. */
export interface FlagsHarness {
  readonly nats: NatsServer;
  readonly bus: Bus;
  startInstance(): Promise<() => Promise<void>>;
  put(definition: FlagDefinitionInput, more?: { expectedRevision?: number }): Promise<FlagRecord>;
  stop(): Promise<void>;
}

export async function startFlagsHarness(): Promise<FlagsHarness> {
  const dataDir = await mkdtemp(join(tmpdir(), "flags-"));
  const nats = await startNatsServer({ dataDir });
  const bus = await connectBus({ servers: [nats.url], name: "caller" });
  const stops = new Set<() => Promise<void>>();
  return {
    nats,
    bus,
    put: (flag, more = {}) => bus.call(flagsPut, { key: flag.key, flag, by: "test", ...more }),
    async startInstance() {
      const stop = await startInstance(nats.url);
      stops.add(stop);
      return async () => {
        stops.delete(stop);
        await stop();
      };
    },
    async stop() {
      await Promise.all([...stops].map((stop) => stop()));
      await bus.drain();
      await nats.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function startInstance(natsUrl: string): Promise<() => Promise<void>> {
  const instance = `flags-${randomBytes(3).toString("hex")}`;
  const logger = createLogger({ service: "flags", instance, level: "silent" });
  const metrics = createMetrics({ service: "flags", instance });
  const bus = await connectBus({ servers: [natsUrl], name: instance });
  const source = { FLAG_SCHEDULE_CHECK_MS: "50", FLAG_REPORT_FLUSH_MS: "50" };
  const config = loadConfig({ name: "flags", env: envSchema, source });
  const components: Component[] = await compose({ config, logger, bus, metrics, clock: systemClock, instance });
  for (const component of components) await component.start?.();
  return async () => {
    for (const component of components.toReversed()) await component.stop?.({ deadlineAt: Date.now() + 4_000 });
    await bus.drain();
  };
}
