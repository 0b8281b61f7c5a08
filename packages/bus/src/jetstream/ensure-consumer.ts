import { AckPolicy, DeliverPolicy, JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream";
import { retryWhileUnavailable } from "./ensure-stream.js";

const NANOS_PER_MS = 1_000_000;

/** Pull requests that may wait at a consumer at the same time, over all processes. */
const MAX_WAITING_PULLS = 4_096;

export interface ConsumerSettings {
  readonly stream: string;
  /** Durable name, shared by all processes. */
  readonly name: string;
  readonly filterSubject?: string;
  readonly ackWaitMs: number;
  /** Messages delivered and not yet acknowledged, over all processes; delivery pauses above it. */
  readonly maxAckPending: number;
}

/** Creates the durable pull consumer or brings an existing one to these settings; deliveries are not limited. */
export async function ensureConsumer(manager: JetStreamManager, settings: ConsumerSettings): Promise<void> {
  const changeable = {
    ack_wait: settings.ackWaitMs * NANOS_PER_MS,
    max_ack_pending: settings.maxAckPending,
  };
  await retryWhileUnavailable(`consumer ${settings.name} of ${settings.stream}`, async () => {
    try {
      await manager.consumers.add(settings.stream, {
        durable_name: settings.name,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        max_deliver: -1,
        max_waiting: MAX_WAITING_PULLS,
        ...(settings.filterSubject === undefined ? {} : { filter_subject: settings.filterSubject }),
        ...changeable,
      });
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.status >= 500) throw error;
      await manager.consumers.update(settings.stream, settings.name, changeable);
    }
  });
}
