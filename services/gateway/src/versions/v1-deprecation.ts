import type { Logger } from "@ai-orchestra/telemetry";

const WARNING_PERIOD_MS = 3_600_000;
/** Clients that are remembered; past it the one that was warned of first is forgotten, and may be logged again. */
const MAX_CLIENTS = 10_000;

export interface V1DeprecationOptions {
  deprecatedSince: Date;
  sunset: Date;
  logger: Pick<Logger, "warn">;
  monotonicMs: () => number;
}

/** Says that V1 goes: in headers to its clients, and in the log, once an hour and client. */
export class V1Deprecation {
  /** `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a link to what comes after. */
  readonly headers: Readonly<Record<string, string>>;
  /** When V1 is to go. */
  readonly sunset: Date;
  readonly #options: V1DeprecationOptions;
  readonly #warnedAtMs = new Map<string, number>();

  constructor(options: V1DeprecationOptions) {
    this.#options = options;
    this.sunset = options.sunset;
    this.headers = {
      deprecation: `@${Math.floor(options.deprecatedSince.getTime() / 1_000)}`,
      sunset: options.sunset.toUTCString(),
      link: '</v2/chat>; rel="successor-version"',
    };
  }

  /** Notes that a client used V1. */
  note(client: string, transport: "http" | "websocket"): void {
    const { logger, monotonicMs, sunset } = this.#options;
    const now = monotonicMs();
    const before = this.#warnedAtMs.get(client);
    if (before !== undefined && now - before < WARNING_PERIOD_MS) return;
    // Deleted first, so that the map stays in the order of the warnings.
    this.#warnedAtMs.delete(client);
    this.#warnedAtMs.set(client, now);
    if (this.#warnedAtMs.size > MAX_CLIENTS) this.#forgetFirst();
    logger.warn({ client, transport, sunset: sunset.toISOString() }, "a client still uses V1");
  }

  #forgetFirst(): void {
    for (const first of this.#warnedAtMs.keys()) {
      this.#warnedAtMs.delete(first);
      return;
    }
  }
}
