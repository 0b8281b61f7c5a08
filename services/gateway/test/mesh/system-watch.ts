import type { SystemEvent } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";

type SeenEvent = SystemEvent & { seenAt: number };

/** Follows `GET /admin/events` and remembers when each change was seen. */
export class SystemWatch {
  readonly events: SeenEvent[] = [];
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>;

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reading = this.#read(body).catch(() => undefined);
  }

  static async connect(url: string): Promise<SystemWatch> {
    const abort = new AbortController();
    const response = await fetch(`${url}/admin/events`, { signal: abort.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`/admin/events: ${response.status}`);
    const watch = new SystemWatch(response.body);
    watch.#abort.signal.addEventListener("abort", () => abort.abort());
    return watch;
  }

  get level(): string {
    return this.events.findLast((event) => event.type === "level")?.level ?? "unknown";
  }

  /** Levels that came into force since `at`, one after the other. */
  levelsSince(at: number): string[] {
    const changes = this.events
      .filter((event) => event.type === "level")
      .filter(({ level }, index, levels) => level !== levels[index - 1]?.level);
    return changes.slice(1).flatMap(({ level, seenAt }) => (seenAt >= at ? [level] : []));
  }

  /** Circuits that opened since `at`, each once, as `service: breaker`. */
  openedSince(at: number): string[] {
    const opened = this.#since(at).flatMap((event) =>
      event.type === "breaker" && event.to === "open" ? [`${event.service}: ${event.breaker}`] : [],
    );
    return [...new Set(opened)];
  }

  /** Circuits that are not closed now, as `instance: breaker`. */
  notClosed(): string[] {
    const states = new Map<string, string>();
    for (const event of this.events) {
      if (event.type === "breaker") states.set(`${event.instance}: ${event.breaker}`, event.to);
    }
    return [...states].flatMap(([name, state]) => (state === "closed" ? [] : [name]));
  }

  /** When `matches` was seen first after `at`; waits for it. */
  async seen(matches: (event: SystemEvent) => boolean, at: number, timeoutMs = 40_000): Promise<number> {
    return eventually(
      () => {
        const found = this.#since(at).find(matches);
        if (found === undefined) throw new Error(`not seen; the last level was ${this.level}`);
        return found.seenAt;
      },
      { timeoutMs },
    );
  }

  async untilLevel(level: string, timeoutMs = 40_000): Promise<void> {
    await eventually(
      () => {
        if (this.level !== level) throw new Error(`the level is ${this.level}, not ${level}`);
      },
      { timeoutMs },
    );
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  #since(at: number): SeenEvent[] {
    return this.events.filter(({ seenAt }) => seenAt >= at);
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const data = part.split("\n").find((line) => line.startsWith("data: "));
        if (data === undefined) continue;
        this.events.push({ ...(JSON.parse(data.slice(6)) as SystemEvent), seenAt: Date.now() });
      }
    }
  }
}
