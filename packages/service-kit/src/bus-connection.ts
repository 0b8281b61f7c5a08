import { connectBus, type Bus } from "@ai-orchestra/bus";
import type { ServiceName } from "@ai-orchestra/contracts";
import type { Logger } from "@ai-orchestra/telemetry";
import type { Clock } from "./clock.js";
import type { BaseConfig } from "./base-env.js";

const REMIND_EVERY_MS = 3000;

/** Connects to NATS, however long it takes, and says every few seconds that it waits and for whom. */
export async function openBus(o: {
  config: BaseConfig;
  service: ServiceName;
  instance: string;
  logger: Logger;
  clock: Clock;
}): Promise<Bus> {
  const { config, service, instance, logger, clock } = o;
  const startedMs = clock.monotonicMs();
  const reminder = clock.setInterval(() => {
    const waitedMs = Math.round(clock.monotonicMs() - startedMs);
    logger.warn({ natsUrl: config.NATS_URL, waitedMs }, "waiting for NATS: start it there, or set NATS_URL");
  }, REMIND_EVERY_MS);
  try {
    return await connectBus({
      servers: config.NATS_URL,
      name: instance,
      logger,
      user: config.NATS_USER,
      password: config.NATS_PASSWORD,
      token: config.NATS_TOKEN,
      nkeySeed: config.NATS_NKEY_SEED,
      tls: tlsOf(config),
      // By service, so that the permissions of its user can name it.
      inboxPrefix: `_INBOX_${service}`,
    });
  } finally {
    clock.clearInterval(reminder);
  }
}

function tlsOf(config: BaseConfig): { caFile?: string; certFile?: string; keyFile?: string } | undefined {
  const { NATS_TLS_CA: caFile, NATS_TLS_CERT: certFile, NATS_TLS_KEY: keyFile } = config;
  if (caFile === undefined && certFile === undefined && keyFile === undefined) return undefined;
  return { caFile, certFile, keyFile };
}
