import type { KvWatch, SystemBucket } from "@ai-orchestra/bus";
import { SYSTEM_KEYS, type DegradationPin, type SystemState } from "@ai-orchestra/contracts";

/** The bucket `system` as this instance sees it: the state that is in force and the operator's pin. */
export class SystemRecord {
  readonly #bucket: Pick<SystemBucket, "states" | "pins">;
  readonly #listeners = new Set<() => void>();
  #state: { value: SystemState; revision: number } | undefined;
  #stateRevision = 0;
  #pin: DegradationPin | undefined;
  #stateWatch: KvWatch<SystemState> | undefined;
  #pinWatch: KvWatch<DegradationPin> | undefined;

  constructor({ bucket }: { bucket: Pick<SystemBucket, "states" | "pins"> }) {
    this.#bucket = bucket;
  }

  /** Resolves when what is stored is known. */
  async start(): Promise<void> {
    this.#stateWatch ??= this.#bucket.states.watch(
      (change) => {
        if (change.revision < this.#stateRevision) return;
        this.#stateRevision = change.revision;
        this.#state = change.operation === "put" ? { value: change.value, revision: change.revision } : undefined;
        this.#tell();
      },
      { key: SYSTEM_KEYS.state },
    );
    this.#pinWatch ??= this.#bucket.pins.watch(
      (change) => {
        this.#pin = change.operation === "put" ? change.value : undefined;
        this.#tell();
      },
      { key: SYSTEM_KEYS.pin },
    );
    await Promise.all([this.#stateWatch.ready, this.#pinWatch.ready]);
  }

  stop(): void {
    this.#stateWatch?.stop();
    this.#pinWatch?.stop();
  }

  get state(): SystemState | undefined {
    return this.#state?.value;
  }

  /** The operator's pin, unless it ran out by `now` (epoch milliseconds). */
  pinAt(now: number): DegradationPin | undefined {
    return this.#pin?.until !== undefined && this.#pin.until <= now ? undefined : this.#pin;
  }

  /** Writes the state over the one that was seen last; rejects with `conflict` where somebody else wrote meanwhile. */
  async write(value: SystemState): Promise<void> {
    const { states } = this.#bucket;
    const revision =
      this.#state === undefined
        ? await states.create(SYSTEM_KEYS.state, value)
        : await states.update(SYSTEM_KEYS.state, value, this.#state.revision);
    if (revision < this.#stateRevision) return;
    this.#stateRevision = revision;
    this.#state = { value, revision };
    this.#tell();
  }

  async pin(pin: DegradationPin): Promise<void> {
    await this.#bucket.pins.put(SYSTEM_KEYS.pin, pin);
  }

  async unpin(): Promise<void> {
    await this.#bucket.pins.delete(SYSTEM_KEYS.pin);
  }

  /** Calls `listener` after every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
