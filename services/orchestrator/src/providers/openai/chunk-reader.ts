import type { FinishReason } from "@ai-orchestra/contracts";
import type { ProviderEvent } from "../chat-provider.js";
import { toCutOff, toStreamRefusal } from "../upstream-error.js";

/** The parts of a chunk (or of a whole answer) that are read; endpoints leave out what they like. */
interface WireChunk {
  choices?: { delta?: WireDelta | null; message?: WireDelta | null; finish_reason?: string | null }[] | null;
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: unknown;
}

interface WireDelta {
  content?: string | null;
  refusal?: string | null;
  tool_calls?: WireToolCall[] | null;
}

interface WireToolCall {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | null } | null;
}

/** The words of OpenAI and of the servers that imitate it; anything else that ends an answer counts as `stop`. */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "length",
  max_tokens: "length",
  model_length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
};

/** Reads the data fields of one chat completion stream into events. */
export class ChunkReader {
  /** Neighbouring text pieces that were not handed out yet: those of one network read become one event. */
  #text = "";
  #events: ProviderEvent[] = [];
  readonly #toolIds: string[] = [];
  #finishReason: FinishReason | undefined;
  #usage: ProviderEvent | undefined;
  #saidAnything = false;
  #refused = false;

  /** Reads the JSON of one chunk. Throws an `OrchestraError` for an error object and for what is not JSON. */
  read(data: string): void {
    const chunk = parseChunk(data);
    if (chunk.error !== undefined && chunk.error !== null) throw toStreamRefusal(chunk.error);
    const { usage } = chunk;
    if (usage !== undefined && usage !== null) {
      const { prompt_tokens: inputTokens = 0, completion_tokens: outputTokens = 0 } = usage;
      this.#usage = { type: "usage", inputTokens, outputTokens };
    }
    const choice = chunk.choices?.[0];
    if (choice === undefined) return;
    const delta = choice.delta ?? choice.message;
    if (delta !== undefined && delta !== null) this.#readDelta(delta);
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") {
      this.#finishReason = FINISH_REASONS[choice.finish_reason] ?? "stop";
    }
  }

  /** Takes the events that are complete so far. */
  takeEvents(): ProviderEvent[] {
    this.#flushText();
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /**
   * Takes the last events. `explicit` says that the upstream marked the end. Throws an `OrchestraError` if the answer is
   * not whole: neither a finish reason came nor, after some content, the mark of the end.
   */
  takeEnding(explicit: boolean): ProviderEvent[] {
    if (this.#finishReason === undefined && !(explicit && this.#saidAnything)) {
      throw toCutOff("the model provider ended its answer before it was whole");
    }
    const events = this.takeEvents();
    if (this.#usage !== undefined) events.push(this.#usage);
    events.push({ type: "finish", reason: this.#effectiveReason() });
    return events;
  }

  #effectiveReason(): FinishReason {
    if (this.#refused) return "content_filter";
    const reason = this.#finishReason ?? "stop";
    // Some servers end a tool call with `stop`.
    return reason === "stop" && this.#toolIds.length > 0 ? "tool_calls" : reason;
  }

  #readDelta(delta: WireDelta): void {
    if (typeof delta.content === "string" && delta.content !== "") {
      this.#text += delta.content;
      this.#saidAnything = true;
    }
    if (typeof delta.refusal === "string" && delta.refusal !== "") {
      this.#text += delta.refusal;
      this.#saidAnything = true;
      this.#refused = true;
    }
    if (!Array.isArray(delta.tool_calls)) return;
    for (const call of delta.tool_calls) this.#readToolCall(call);
  }

  #readToolCall(call: WireToolCall): void {
    this.#flushText();
    this.#saidAnything = true;
    const index = this.#indexOf(call);
    const id = this.#toolIds[index] ?? (call.id || `call_${index}`);
    const isFirst = this.#toolIds[index] === undefined;
    this.#toolIds[index] = id;
    const name = call.function?.name;
    const fragment = call.function?.arguments ?? "";
    this.#events.push(
      isFirst && typeof name === "string"
        ? { type: "tool", index, id, name, arguments: fragment }
        : { type: "tool", index, id, arguments: fragment },
    );
  }

  /** Servers that leave the index out send calls whole, one after the other, or repeat the id. */
  #indexOf(call: WireToolCall): number {
    const { index, id } = call;
    if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < MAX_TOOL_CALLS) return index;
    const known = typeof id === "string" ? this.#toolIds.indexOf(id) : this.#toolIds.length - 1;
    return Math.min(known >= 0 ? known : this.#toolIds.length, MAX_TOOL_CALLS - 1);
  }

  #flushText(): void {
    if (this.#text === "") return;
    this.#events.push({ type: "text", text: this.#text });
    this.#text = "";
  }
}

/** Calls in one answer; no model makes nearly as many. */
const MAX_TOOL_CALLS = 128;

function parseChunk(data: string): WireChunk {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    // Without cause: the parser's message quotes the model's text.
    throw toCutOff("the model provider sent something that is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null)
    throw toCutOff("the model provider sent an event that is no object");
  return parsed;
}
