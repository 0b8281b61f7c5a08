import type { Msg, Subscription } from "@nats-io/nats-core";
import type { BusConnection } from "../connection.js";
import { headerStatus, headerValue, HEADERS, readHeaderText } from "../headers.js";
import { Delivery } from "./delivery.js";
import type { LaneDemand } from "./lane-scheduler.js";
import { SilenceWatch } from "./silence-watch.js";

const NANOS_PER_MS = 1_000_000;
const IDLE_HEARTBEAT_MS = 1_000;
/** How long a lane that was found empty is left alone while others have work. */
const REST_MS = 20;
/** Pulls beyond the first end soon: another process may have taken what was known to wait. */
const EXTRA_PULL_EXPIRES_MS = 100;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

export interface PullLaneOptions {
  readonly connection: BusConnection;
  readonly stream: string;
  readonly consumer: string;
  readonly weight: number;
  /** How long a pull waits for a message before it is renewed. */
  readonly pullExpiresMs: number;
  readonly onDelivery: (delivery: Delivery) => void;
  /** Capacity changed: pulls ended, or the lane is able to pull again. */
  readonly onChange: () => void;
  /** Pulls fail: the consumer may be gone and must be created again. */
  readonly recover: () => Promise<void>;
}

/**
 * The pulls of one process at one durable consumer. Counts how many messages were asked for and may still come; the
 * server tells when a pull ends unfulfilled. Each generation of pulls has an inbox of its own, so that pulls from before
 * a reconnect can never deliver on top of those made after it.
 */
export class PullLane implements LaneDemand {
  readonly weight: number;
  outstanding = 0;
  waiting = 0;
  blocked = false;
  readonly #options: PullLaneOptions;
  readonly #nextSubject: string;
  /** A lane that waits and hears nothing has lost its pulls. */
  readonly #silence: SilenceWatch;
  #inbox = "";
  #subscription: Subscription | undefined;
  #restsUntilMs = 0;
  #failures = 0;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: PullLaneOptions) {
    this.#options = options;
    this.weight = options.weight;
    this.#nextSubject = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    this.#silence = new SilenceWatch({
      isWaiting: () => this.outstanding > 0,
      onSilence: () => {
        this.restart();
        this.#backOff();
      },
    });
  }

  get resting(): boolean {
    return performance.now() < this.#restsUntilMs;
  }

  /** Forgets all pulls and begins with a new inbox. */
  restart(): void {
    this.#subscription?.unsubscribe();
    clearTimeout(this.#retryTimer);
    this.outstanding = 0;
    this.waiting = 0;
    this.blocked = false;
    this.#inbox = this.#options.connection.createInbox();
    const subscription = this.#options.connection.subscribe(`${this.#inbox}.*`, (message) => {
      if (subscription === this.#subscription) this.#receive(message);
    });
    this.#subscription = subscription;
  }

  /**
   * Asks for `count` more messages.
   *
   * @param patience `none` where the slots are needed elsewhere: what is not there now is not waited for
   */
  pull(count: number, patience: "wait" | "none"): void {
    if (count === 0) return;
    const first = this.outstanding === 0 ? 1 : 0;
    if (this.outstanding === 0) this.#silence.hear();
    this.outstanding += count;
    if (first === 1) this.#request(1, patience === "wait" ? this.#options.pullExpiresMs : 0);
    if (count > first) this.#request(count - first, EXTRA_PULL_EXPIRES_MS);
  }

  /** The bus is away: all pulls are void. */
  suspend(): void {
    clearTimeout(this.#retryTimer);
    this.outstanding = 0;
    this.blocked = true;
  }

  /** Ends the pulls; resolves when nothing can arrive any more. */
  async drain(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#silence.stop();
    this.blocked = true;
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.isClosed()) return;
    if (this.#options.connection.status === "connected") await subscription.drain();
    else subscription.unsubscribe();
    this.outstanding = 0;
  }

  /** The inbox names the batch, so that a pull that nobody received is accounted for. */
  #request(batch: number, expiresMs: number): void {
    this.#options.connection.publish(
      this.#nextSubject,
      `{"batch":${batch},${describeWait(expiresMs)}}`,
      "",
      `${this.#inbox}.${batch}`,
    );
  }

  #receive(message: Msg): void {
    this.#silence.hear();
    const headerText = readHeaderText(message);
    const status = headerText === "" ? 0 : headerStatus(headerText);
    if (status > 0) {
      this.#receiveStatus(status, message, headerText);
      return;
    }
    const delivery = new Delivery(this.#options.connection, message, headerText);
    this.outstanding = Math.max(0, this.outstanding - 1);
    this.waiting = delivery.pendingCount;
    this.#failures = 0;
    this.#options.onDelivery(delivery);
  }

  #receiveStatus(status: number, message: Msg, headerText: string): void {
    if (status === 100) return;
    const batch = Number(message.subject.slice(this.#inbox.length + 1));
    const unfulfilled = Number(headerValue(headerText, HEADERS.pendingMessages) ?? batch);
    this.outstanding = Math.max(0, this.outstanding - unfulfilled);
    this.waiting = 0;
    if (status === 404) this.#restsUntilMs = performance.now() + REST_MS;
    if (status === 404 || status === 408) {
      this.#failures = 0;
      this.#options.onChange();
    } else {
      this.#backOff();
    }
  }

  #backOff(): void {
    if (this.blocked) return;
    this.blocked = true;
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => {
      this.#options.recover().then(
        () => this.#resume(),
        () => this.#resume(),
      );
    }, delayMs);
  }

  #resume(): void {
    if (this.#options.connection.status !== "connected") return;
    this.blocked = false;
    this.#options.onChange();
  }
}

function describeWait(expiresMs: number): string {
  if (expiresMs === 0) return '"no_wait":true';
  const expires = `"expires":${expiresMs * NANOS_PER_MS}`;
  return expiresMs < 2 * IDLE_HEARTBEAT_MS
    ? expires
    : `${expires},"idle_heartbeat":${IDLE_HEARTBEAT_MS * NANOS_PER_MS}`;
}
