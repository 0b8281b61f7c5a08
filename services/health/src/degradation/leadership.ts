import type { KvWatch, SystemBucket } from "@ai-orchestra/bus";
import { OrchestraError, SYSTEM_KEYS } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";

export interface LeadershipOptions {
  leaders: Pick<SystemBucket["leaders"], "create" | "update" | "watch" | "delete">;
  clock: Clock;
  logger: Logger;
  instance: string;
  /** How often the lease is renewed. Default 1 000 ms. */
  renewEveryMs?: number;
  /** A lease that was not renewed for this long is free. Default 4 000 ms. */
  expireAfterMs?: number;
}

const RENEW_EVERY_MS = 1_000;
const EXPIRE_AFTER_MS = 4_000;

/**
 * Which of several instances writes the system's state. The lease is a key that its holder keeps rewriting; others take
 * it over with a compare-and-set once they have not seen it change for `expireAfterMs` of their own clock, so that no two
 * clocks are ever compared. A holder that could not renew stops leading before anybody else may begin.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #renewEveryMs: number;
  readonly #expireAfterMs: number;
  #watch: KvWatch<{ instance: string }> | undefined;
  #seen: { instance: string | undefined; revision: number; atMs: number } | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #trying: Promise<void> | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#renewEveryMs = options.renewEveryMs ?? RENEW_EVERY_MS;
    this.#expireAfterMs = options.expireAfterMs ?? EXPIRE_AFTER_MS;
  }

  /** Resolves when it is known who leads, if anybody does. */
  async start(): Promise<void> {
    this.#watch ??= this.#options.leaders.watch(
      (change) => {
        const instance = change.operation === "put" ? change.value.instance : undefined;
        this.#see(instance, change.revision);
      },
      { key: SYSTEM_KEYS.leader },
    );
    await this.#watch.ready;
  }

  /** Gives the lease back, so that another instance leads at once. */
  async stop(): Promise<void> {
    this.#watch?.stop();
    await this.#trying;
    if (!this.isLeader) return;
    this.#renewedAtMs = Number.NEGATIVE_INFINITY;
    await this.#options.leaders.delete(SYSTEM_KEYS.leader).catch((error: unknown) => {
      this.#options.logger.debug({ err: error }, "the lease was not given back; it runs out");
    });
  }

  /** Safe for a second longer than others wait, less what one renewal may take. */
  get isLeader(): boolean {
    return this.#options.clock.monotonicMs() - this.#renewedAtMs < this.#expireAfterMs - this.#renewEveryMs;
  }

  get leader(): string | undefined {
    return this.isLeader ? this.#options.instance : this.#seen?.instance;
  }

  /** Renews the lease or takes a free one, when it is time. Never rejects; call it often. */
  async tick(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#trying !== undefined || nowMs - this.#triedAtMs < this.#renewEveryMs) return;
    if (!this.isLeader && !this.#isFree(nowMs)) return;
    this.#triedAtMs = nowMs;
    this.#trying = this.#acquire(nowMs).finally(() => {
      this.#trying = undefined;
    });
    await this.#trying;
  }

  #isFree(nowMs: number): boolean {
    const seen = this.#seen;
    if (seen === undefined || seen.instance === undefined || seen.instance === this.#options.instance) return true;
    return nowMs - seen.atMs >= this.#expireAfterMs;
  }

  async #acquire(askedAtMs: number): Promise<void> {
    const { leaders, logger, instance } = this.#options;
    const wasLeader = this.isLeader;
    const seen = this.#seen;
    try {
      const value = { instance };
      const revision =
        seen?.instance === undefined
          ? await leaders.create(SYSTEM_KEYS.leader, value)
          : await leaders.update(SYSTEM_KEYS.leader, value, seen.revision);
      this.#see(instance, revision);
      this.#renewedAtMs = askedAtMs;
      if (!wasLeader) logger.info("this instance decides the degradation level now");
    } catch (error) {
      if (OrchestraError.from(error).code === "conflict") this.#renewedAtMs = Number.NEGATIVE_INFINITY;
      logger.debug({ err: error }, "the lease was not obtained");
    }
  }

  #see(instance: string | undefined, revision: number): void {
    if (this.#seen !== undefined && revision <= this.#seen.revision) return;
    this.#seen = { instance, revision, atMs: this.#options.clock.monotonicMs() };
    if (instance !== this.#options.instance) this.#renewedAtMs = Number.NEGATIVE_INFINITY;
  }
}
