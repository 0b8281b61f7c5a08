import type { ChatMessage, FinishReason, Sampling, ToolCall, ToolDefinition, TurnMode } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { CompletionRunner } from "../completions/completion-runner.js";
import { estimateTokens } from "../providers/estimate-tokens.js";
import { textOfMessage } from "../providers/message-text.js";
import type { VoiceEvents } from "./held-text.js";

export interface VoiceRequest {
  messages: ChatMessage[];
  mode: TurnMode;
  model: string | undefined;
  temperature: number | undefined;
  maxTokens: number | undefined;
  sampling: Sampling | undefined;
  tools: ToolDefinition[] | undefined;
  /** Whose draft this is; absent for the answer itself. */
  agent: string | undefined;
  /** JSON-escaped UTF-8 bytes of text after which the voice is cut off with `length`. */
  maxOutputBytes: number;
  signal: AbortSignal;
  /** Epoch milliseconds. */
  deadlineAt: number;
  /** Called when the first piece is said. */
  onBegun?: () => void;
}

export interface SpeakDependencies {
  completions: CompletionRunner;
  turnEvents: VoiceEvents;
  clock: Clock;
}

export interface Utterance {
  text: string;
  model: string;
  fallbacks: string[];
  toolCalls: ToolCall[];
  inputTokens: number;
  outputTokens: number;
  /** The provider sent no token counts. */
  estimated: boolean;
  finishReason: FinishReason;
  firstTokenAt: number | undefined;
}

/** Streams one completion into the turn's events and gathers what it said. */
export async function speak(
  request: VoiceRequest,
  { completions, turnEvents, clock }: SpeakDependencies,
): Promise<Utterance> {
  const { agent, messages, mode, model, temperature, maxTokens, sampling, tools, signal, deadlineAt } = request;
  const chunks: string[] = [];
  const toolCalls = new Map<number, ToolCall>();
  const fallbacks: string[] = [];
  let answeredBy = model ?? "";
  let usage: { inputTokens: number; outputTokens: number } | undefined;
  let finishReason: FinishReason = "stop";
  let firstTokenAt: number | undefined;
  let bytesLeft = request.maxOutputBytes;
  let isCut = false;
  /** As much of the text as may still be said; the rest of it, and all that would follow, is cut off. */
  const takeBytes = (text: string): string => {
    const taken = cutToBytes(text, bytesLeft);
    bytesLeft -= countJsonBytes(taken);
    isCut ||= taken.length < text.length || bytesLeft <= 0;
    return taken;
  };

  const noteBegin = (): void => {
    if (firstTokenAt !== undefined) return;
    firstTokenAt = clock.now();
    request.onBegun?.();
  };

  const completion = { messages, mode, model, temperature, maxTokens, sampling, tools };
  const stream = completions.run(completion, { signal, deadlineAt });
  for await (const event of stream) {
    switch (event.type) {
      case "text": {
        noteBegin();
        const text = takeBytes(event.text);
        chunks.push(text);
        turnEvents.text(text, agent);
        break;
      }
      case "tool": {
        noteBegin();
        const fragment = takeBytes(event.arguments);
        const call = toolCalls.get(event.index) ?? { id: event.id, name: "", arguments: "" };
        call.name = event.name ?? call.name;
        call.arguments += fragment;
        toolCalls.set(event.index, call);
        const { index, id, name } = event;
        turnEvents.tool({ index, id, ...(name === undefined ? {} : { name }), arguments: fragment });
        break;
      }
      case "model":
        answeredBy = event.model;
        break;
      case "fallback":
        fallbacks.push(event.from);
        turnEvents.status({ stage: "fallback", detail: `${event.from} -> ${event.to} (${event.code})`, agent });
        break;
      case "usage":
        usage = { inputTokens: event.inputTokens, outputTokens: event.outputTokens };
        break;
      case "finish":
        finishReason = event.reason;
        break;
    }
    if (isCut) {
      finishReason = "length";
      break;
    }
  }

  const text = chunks.join("");
  return {
    text,
    model: answeredBy,
    fallbacks,
    toolCalls: [...toolCalls.entries()].sort(([a], [b]) => a - b).map(([, call]) => call),
    inputTokens:
      usage?.inputTokens ??
      estimateTokens(messages.reduce((chars, message) => chars + textOfMessage(message).length, 0)),
    outputTokens: usage?.outputTokens ?? estimateTokens(text.length),
    estimated: usage === undefined,
    finishReason,
    firstTokenAt,
  };
}

/** UTF-8 bytes of a text inside JSON quotes. */
function countJsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** The longest beginning that takes at most `maxBytes` inside JSON; a surrogate pair is never cut. */
function cutToBytes(text: string, maxBytes: number): string {
  if (countJsonBytes(text) <= maxBytes) return text;
  let kept = "";
  let bytes = 0;
  for (const character of text) {
    bytes += countJsonBytes(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}
