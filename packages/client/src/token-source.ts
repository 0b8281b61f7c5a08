import { asClientError, OrchestraClientError } from "./client-error.js";

/** A token with its end, in epoch milliseconds. */
export interface ExpiringToken {
  token: string;
  expiresAt: number;
}

/** A fixed token, or a function that gets a fresh one: at every connection that needs it, and before it expires. */
export type TokenProvider = string | (() => Promise<string | ExpiringToken>);

const PROVIDER_TIMEOUT_MS = 15_000;
/** A new token is fetched this long before the old one ends, or at half its remaining life if that is later. */
const REFRESH_EARLY_MS = 60_000;
const REFRESH_RETRY_MS = 5_000;
const MAX_TIMER_MS = 2_147_483_647;

/** Holds the current token and fetches the next one in time. */
export class TokenSource {
  readonly #provider: TokenProvider | undefined;
  readonly #now: () => number;
  #held: { token: string; expiresAt: number | undefined } | undefined;
  #fetching: Promise<string> | undefined;

  constructor(provider: TokenProvider | undefined, now: () => number = Date.now) {
    this.#provider = provider;
    this.#now = now;
  }

  /** Whether a refused token may be replaced by another. */
  get canRefresh(): boolean {
    return typeof this.#provider === "function";
  }

  /** The token to use now; undefined where the client has none. Rejects when the provider fails. */
  async get(): Promise<string | undefined> {
    if (typeof this.#provider !== "function") return this.#provider;
    const held = this.#held;
    if (held !== undefined && (held.expiresAt === undefined || held.expiresAt > this.#now())) return held.token;
    return this.refresh();
  }

  /** Forgets the token: the server refused it. */
  invalidate(): void {
    this.#held = undefined;
  }

  /** Fetches a new token; callers at the same time share one fetch. */
  refresh(): Promise<string> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /**
   * Calls `onToken` with each new token, ahead of the end of the one before.
   * @returns stops it
   */
  keepFresh(onToken: (token: string) => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const schedule = (delayMs: number): void => {
      if (!stopped) timer = setTimeout(() => void renew(), Math.min(delayMs, MAX_TIMER_MS));
    };
    const scheduleNext = (): void => {
      const expiresAt = this.#held?.expiresAt;
      if (expiresAt === undefined) return;
      const leftMs = Math.max(0, expiresAt - this.#now());
      schedule(Math.max(leftMs - REFRESH_EARLY_MS, leftMs / 2, 1_000));
    };
    const renew = async (): Promise<void> => {
      try {
        const token = await this.refresh();
        if (!stopped) onToken(token);
      } catch {
        // The old token may still hold; when it ends, the server closes with 4004 and connecting reports the failure.
        return schedule(REFRESH_RETRY_MS);
      }
      scheduleNext();
    };
    if (this.canRefresh) scheduleNext();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async #fetch(): Promise<string> {
    if (typeof this.#provider !== "function") {
      throw new OrchestraClientError("unauthorized", "the token is fixed and cannot be refreshed");
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new OrchestraClientError("timeout", "the token provider did not answer", { retryable: true });
      timer = setTimeout(() => reject(error), PROVIDER_TIMEOUT_MS);
    });
    try {
      const given = await Promise.race([this.#provider(), late]);
      const held = typeof given === "string" ? { token: given, expiresAt: readExpiry(given) } : given;
      this.#held = held;
      return held.token;
    } catch (error) {
      throw asClientError(error, "the token provider failed");
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The `exp` claim of a JWT in epoch milliseconds; undefined for anything else. */
function readExpiry(token: string): number | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const { exp } = claims as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
