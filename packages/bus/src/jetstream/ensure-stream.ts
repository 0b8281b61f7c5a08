import { JetStreamApiError, jetstreamManager, type JetStreamManager, type StreamConfig } from "@nats-io/jetstream";
import type { OrchestraError } from "@ai-orchestra/contracts";
import type { Bus } from "../bus.js";
import { fromNatsError, JETSTREAM_ERRORS } from "../errors.js";

/** Where a stream's messages are kept. */
export type StreamStorage = "file" | "memory";

export type StreamSettings = Partial<StreamConfig> & { readonly name: string };

/** How long opening waits for a server whose streams are not up yet. */
const OPEN_TIMEOUT_MS = 15_000;
const RETRY_DELAY_MS = 100;

export async function openManager(bus: Bus): Promise<JetStreamManager> {
  return jetstreamManager(bus.connection.nats, { checkAPI: false, timeout: 3_000 });
}

/**
 * Creates the stream, or brings an existing one to these settings. Any number of processes may do so at the same time.
 *
 * @param createOnly leaves an existing stream as it is
 * @throws OrchestraError `conflict` when it exists with settings that cannot be changed (retention, storage, …) or
 *   another stream has its subjects
 */
export async function ensureStream(
  manager: JetStreamManager,
  settings: StreamSettings,
  createOnly: boolean,
): Promise<void> {
  await retryWhileUnavailable(`stream ${settings.name}`, async () => {
    try {
      await manager.streams.add({ ...settings });
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== JETSTREAM_ERRORS.streamNameInUse) throw error;
      if (!createOnly) await manager.streams.update(settings.name, { ...settings });
    }
  });
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
