import { DiscardPolicy, RetentionPolicy, type JetStreamManager } from "@nats-io/jetstream";
import type { z } from "zod";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { Bus } from "../bus.js";
import { headerValue, HEADERS } from "../headers.js";
import { encodeJson } from "../json.js";
import { ensureStream, openManager, type StreamStorage } from "../jetstream/ensure-stream.js";
import { parseStored } from "../jetstream/parse-stored.js";
import { readLast, readNext, type LastMessage } from "../jetstream/read-last.js";
import { publishStored } from "../jetstream/stored-publish.js";
import { KvWatch, type KvWatchHandler } from "./kv-watch.js";

const NANOS_PER_MS = 1_000_000;
const TIMEOUT_MS = 5_000;
const DEDUPE_WINDOW_MS = 120_000;

/** What a key may look like: tokens separated by dots, as in a subject. */
const KEY_PATTERN = /^[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*$/;

export interface KvBucketOptions<T> {
  readonly bucket: string;
  readonly schema: z.ZodType<T>;
  /** Values kept of each key, 1 to 64. Default 1. */
  readonly history?: number;
  /** How long a value is kept. Default: for ever. */
  readonly maxAgeMs?: number;
  /** Bound of the whole bucket; beyond it `overloaded`. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly replicas: number;
  readonly storage: StreamStorage;
}

export interface KvEntry<T> {
  readonly value: T;
  /** Grows with every change of the bucket; needed to `update`. */
  readonly revision: number;
}

/**
 * A key-value bucket in the layout that all NATS clients share. Writes resolve when they are stored and reject with
 * `conflict`, `overloaded`, `too_large`, `unavailable` or `timeout`.
 */
export class KvBucket<T> {
  readonly #bus: Bus;
  readonly #manager: JetStreamManager;
  readonly #options: KvBucketOptions<T>;
  readonly #stream: string;

  private constructor(bus: Bus, manager: JetStreamManager, options: KvBucketOptions<T>) {
    this.#bus = bus;
    this.#manager = manager;
    this.#options = options;
    this.#stream = `KV_${options.bucket}`;
  }

  static async open<T>(bus: Bus, options: KvBucketOptions<T>): Promise<KvBucket<T>> {
    const bucket = new KvBucket(bus, await openManager(bus), options);
    await bucket.#ensureStream();
    return bucket;
  }

  /** The current value; undefined for a key that is not there or was deleted. */
  async get(key: string): Promise<KvEntry<T> | undefined> {
    const found = await this.#read(key);
    if (found === undefined || isDeleted(found)) return undefined;
    try {
      return { value: this.#options.schema.parse(JSON.parse(found.text)), revision: found.sequence };
    } catch (cause) {
      throw new OrchestraError("internal", `the value of ${key} in ${this.#options.bucket} is not valid`, { cause });
    }
  }

  /** The values of a key that are kept, oldest first; deletions and values that are not valid are left out. */
  async history(key: string): Promise<KvEntry<T>[]> {
    const subject = this.#subject(checkKey(key));
    const entries: KvEntry<T>[] = [];
    for (let sequence = 1; ;) {
      const found = await readNext(this.#bus.requests, {
        stream: this.#stream,
        subject,
        sequence,
        timeoutMs: TIMEOUT_MS,
      });
      if (found === undefined) return entries;
      sequence = found.sequence + 1;
      const parsed = isDeleted(found) ? undefined : parseStored(found.text, this.#options.schema);
      if (parsed?.success === true) entries.push({ value: parsed.data, revision: found.sequence });
    }
  }

  /** Sets a value, whatever was there. Resolves with its revision. */
  async put(key: string, value: T): Promise<number> {
    return this.#write(key, encodeJson(value));
  }

  /** Sets a value where there is none; else `conflict`. */
  async create(key: string, value: T): Promise<number> {
    try {
      return await this.#write(key, encodeJson(value), 0);
    } catch (error) {
      if (!(error instanceof OrchestraError) || error.code !== "conflict") throw error;
      const found = await this.#read(key);
      if (found === undefined || !isDeleted(found)) throw error;
      return this.#write(key, encodeJson(value), found.sequence);
    }
  }

  /** Replaces the value of that revision; `conflict` when there is a newer one. */
  async update(key: string, value: T, revision: number): Promise<number> {
    return this.#write(key, encodeJson(value), revision);
  }

  /** Removes a value; a key that is not there is no error. */
  async delete(key: string): Promise<void> {
    await this.#write(key, "", undefined, { [HEADERS.kvOperation]: "DEL" });
  }

  /**
   * Tells the handler every current value, then every change as it happens, in order. Deletions come too. The watch
   * goes on by itself after a reconnect, without repeating what the handler has seen.
   *
   * @param options.key a key, or a pattern with `*` and `>`; default all
   */
  watch(handler: KvWatchHandler<T>, options: { key?: string } = {}): KvWatch<T> {
    return new KvWatch({
      connection: this.#bus.connection,
      manager: this.#manager,
      stream: this.#stream,
      subjectPrefix: this.#subject(""),
      filterSubject: this.#subject(options.key ?? ">"),
      schema: this.#options.schema,
      handler,
      ensureStream: () => this.#ensureStream(),
    });
  }

  #subject(key: string): string {
    return `$KV.${this.#options.bucket}.${key}`;
  }

  #read(key: string): Promise<LastMessage | undefined> {
    const { replicas } = this.#options;
    const subject = this.#subject(checkKey(key));
    return readLast(this.#bus.requests, { stream: this.#stream, subject, replicas, timeoutMs: TIMEOUT_MS });
  }

  async #write(
    key: string,
    payload: string,
    expectedRevision?: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<number> {
    const stored = await publishStored(this.#bus.requests, this.#subject(checkKey(key)), payload, {
      stream: this.#stream,
      timeoutMs: TIMEOUT_MS,
      ...(expectedRevision === undefined ? {} : { expectedLastSubjectSequence: expectedRevision }),
      ...(headers === undefined ? {} : { headers }),
    });
    return stored.sequence;
  }

  #ensureStream(): Promise<void> {
    const { history, maxAgeMs, maxBytes, replicas, storage } = this.#options;
    const dedupeWindowMs = maxAgeMs === undefined ? DEDUPE_WINDOW_MS : Math.min(maxAgeMs, DEDUPE_WINDOW_MS);
    return ensureStream(
      this.#manager,
      {
        name: this.#stream,
        subjects: [this.#subject(">")],
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New,
        max_msgs_per_subject: history ?? 1,
        max_bytes: maxBytes ?? 64 * 1024 * 1024,
        max_age: (maxAgeMs ?? 0) * NANOS_PER_MS,
        duplicate_window: dedupeWindowMs * NANOS_PER_MS,
        num_replicas: replicas,
        storage,
        allow_direct: true,
        allow_rollup_hdrs: true,
        deny_delete: true,
      },
      { createOnly: false, logger: this.#bus.connection.logger },
    );
  }
}

function isDeleted(found: LastMessage): boolean {
  return found.headerText !== "" && headerValue(found.headerText, HEADERS.kvOperation) !== undefined;
}

function checkKey(key: string): string {
  if (!KEY_PATTERN.test(key))
    throw new OrchestraError("invalid_request", "the key has characters that are not allowed");
  return key;
}

/** Opens a bucket; creates it where it is missing. */
export function openKv<T>(bus: Bus, options: KvBucketOptions<T>): Promise<KvBucket<T>> {
  return KvBucket.open(bus, options);
}
