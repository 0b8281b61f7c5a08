import type { FinishReason, ToolCall } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";

/** A whole answer that a model gave before. */
export interface CachedAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly model: string;
  readonly finishReason: FinishReason;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly estimated: boolean;
}

export interface AnswerCacheOptions {
  clock: Clock;
  /** Bounds; at either one the answers that were used least recently make room. */
  maxEntries: number;
  maxBytes: number;
  /** How old an answer may be, in milliseconds: asked anew each time, since a degradation level makes it longer. */
  readTtlMs: () => number;
}

interface Entry {
  readonly answer: CachedAnswer;
  readonly bytes: number;
  readonly storedAtMs: number;
}

/** What an entry costs beside its text. */
const OVERHEAD_BYTES = 512;
/** An answer that would push out this share of the others is not worth it. */
const MAX_SHARE = 1 / 16;

/** Good answers by what was asked, kept within bounds of number and bytes. */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The answer unless it is too old; one that is stays, since a worse level may make it good enough. */
  find(key: string): { answer: CachedAnswer; ageMs: number } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const ageMs = this.#options.clock.monotonicMs() - entry.storedAtMs;
    if (ageMs > this.#options.readTtlMs()) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { answer: entry.answer, ageMs };
  }

  keep(key: string, answer: CachedAnswer): void {
    const { clock, maxBytes, maxEntries } = this.#options;
    const bytes = sizeOf(answer);
    if (bytes > maxBytes * MAX_SHARE) return;
    this.#remove(key);
    this.#entries.set(key, { answer, bytes, storedAtMs: clock.monotonicMs() });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries && this.#bytes <= maxBytes) return;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

/** Strings take two bytes a character at most. */
function sizeOf({ text, toolCalls }: CachedAnswer): number {
  const calls = toolCalls.reduce((chars, call) => chars + call.name.length + call.arguments.length, 0);
  return OVERHEAD_BYTES + 2 * (text.length + calls);
}
