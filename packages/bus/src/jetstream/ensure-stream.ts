import { JetStreamApiError, jetstreamManager, type JetStreamManager, type StreamConfig } from "@nats-io/jetstream";
import type { OrchestraError } from "@ai-orchestra/contracts";
import type { Bus } from "../bus.js";
import { fromNatsError, isForbidden, JETSTREAM_ERRORS, unavailable } from "../errors.js";
import type { BusLogger } from "../options.js";

/** Where a stream's messages are kept. */
export type StreamStorage = "file" | "memory";

export type StreamSettings = Partial<StreamConfig> & { readonly name: string };

/** How long opening waits for a server whose streams are not up yet. */
const OPEN_TIMEOUT_MS = 15_000;
const RETRY_DELAY_MS = 100;

export async function openManager(bus: Bus): Promise<JetStreamManager> {
  return jetstreamManager(bus.connection.nats, { checkAPI: false, timeout: 3_000 });
}

export interface EnsureStreamOptions {
  /** Leaves an existing stream as it is. */
  readonly createOnly: boolean;
  readonly logger: BusLogger;
}

/**
 * Creates the stream, or brings an existing one to these settings. Any number of processes may do so at the same time.
 * One whose user may not create waits until somebody else has; one whose user may not change takes the stream as it is.
 *
 * @throws OrchestraError `conflict` when it exists with settings that cannot be changed (retention, storage, …) or
 *   another stream has its subjects
 */
export async function ensureStream(
  manager: JetStreamManager,
  settings: StreamSettings,
  { createOnly, logger }: EnsureStreamOptions,
): Promise<void> {
  const { name } = settings;
  await retryWhileUnavailable(`stream ${name}`, async () => {
    try {
      await manager.streams.add({ ...settings });
    } catch (error) {
      if (isForbidden(error)) return assertExists(manager, name);
      const found = mayExist(error) ? await findConfig(manager, name) : undefined;
      if (found === undefined) throw error;
      if (!createOnly && !hasSettings(found, settings)) await changeIfPermitted(manager, settings, logger);
    }
  });
}

/** The server looks for room before it looks whether the stream is there, and so may refuse one that needs no more. */
const MAY_EXIST: ReadonlySet<number> = new Set([
  JETSTREAM_ERRORS.streamNameInUse,
  JETSTREAM_ERRORS.insufficientResources,
  JETSTREAM_ERRORS.memoryResourcesExceeded,
  JETSTREAM_ERRORS.storageResourcesExceeded,
]);

function mayExist(error: unknown): boolean {
  return error instanceof JetStreamApiError && MAY_EXIST.has(error.code);
}

async function findConfig(manager: JetStreamManager, stream: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(stream)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JETSTREAM_ERRORS.streamNotFound) return undefined;
    throw error;
  }
}

function hasSettings(config: StreamConfig, settings: StreamSettings): boolean {
  const names = Object.keys(settings) as (keyof StreamConfig)[];
  return names.every((name) => JSON.stringify(config[name]) === JSON.stringify(settings[name]));
}

async function assertExists(manager: JetStreamManager, stream: string): Promise<void> {
  if ((await findConfig(manager, stream)) !== undefined) return;
  throw unavailable(`${stream} is not there, and this user may not create it`);
}

async function changeIfPermitted(
  manager: JetStreamManager,
  settings: StreamSettings,
  logger: BusLogger,
): Promise<void> {
  try {
    await manager.streams.update(settings.name, { ...settings });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    logger.warn({ stream: settings.name }, "a stream has other settings than these, and this user may not change it");
  }
}

/** Tries again while JetStream is not up, since a restarted server answers late; other errors end it at once. */
export async function retryWhileUnavailable<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      const error: OrchestraError = fromNatsError(thrown, what);
      if (!error.retryable || Date.now() + RETRY_DELAY_MS > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  }
}
