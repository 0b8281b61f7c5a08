import type { TurnEvents } from "../turns/turn-events.js";

/** What voices need of a turn's events. */
export type VoiceEvents = Pick<TurnEvents, "text" | "status" | "tool">;

/** Keeps text back until it is released; everything else passes. Bounded by the caps on answers and drafts. */
export class HeldText implements VoiceEvents {
  readonly #events: VoiceEvents;
  #held: { readonly agent: string | undefined; readonly chunks: string[] }[] = [];

  constructor(events: VoiceEvents) {
    this.#events = events;
  }

  text(text: string, agent?: string): void {
    const run = this.#held.find((held) => held.agent === agent);
    if (run === undefined) this.#held.push({ agent, chunks: [text] });
    else run.chunks.push(text);
  }

  status(fields: Parameters<VoiceEvents["status"]>[0]): void {
    this.#events.status(fields);
  }

  tool(fields: Parameters<VoiceEvents["tool"]>[0]): void {
    this.#events.tool(fields);
  }

  /** Says all of it, each voice in one piece. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { agent, chunks } of held) this.#events.text(chunks.join(""), agent);
  }
}
