import {
  OrchestraError,
  type ChatCompletionDelta,
  type ServerFrame,
  type TerminalFrame,
  type ToolCall,
  type TurnToolFrame,
} from "@ai-orchestra/contracts";
import { AppendOnlyText } from "../../turns/append-only-text.js";
import type { HttpExchange } from "../http-exchange.js";
import { SSE_PING, SseStream } from "../sse-stream.js";
import { toOpenAiUsage } from "./completion-answer.js";
import { toOpenAiError } from "./openai-errors.js";

type CompletedFrame = Extract<TerminalFrame, { type: "turn.completed" }>;

/** The answer's head waits this long for the first token, so that what fails before has an HTTP status; then a ping opens it. */
const HOLD_HEAD_MS = 1_000;

export interface CompletionStreamOptions {
  exchange: HttpExchange;
  headers: Readonly<Record<string, string>>;
  id: string;
  /** Seconds. */
  created: number;
  /** What the client asked for; replaced by the model that runs. */
  model: string;
  includeUsage: boolean;
  onDrained: () => void;
  /** The answer cannot go on: the client has text that a new attempt does not begin with. */
  onBroken: () => void;
}

/**
 * A streamed completion: frames of a turn go in, chunks as OpenAI's clients read them come out. What one moment brings
 * leaves in one write.
 */
export class CompletionStream {
  readonly #options: CompletionStreamOptions;
  readonly #text = new AppendOnlyText();
  /** Characters of arguments sent of each tool call. */
  readonly #toolChars = new Map<number, number>();
  readonly #holdTimer: NodeJS.Timeout;
  #head: string;
  #events: SseStream | undefined;
  #hasRole = false;
  #pending = "";
  #ended = false;

  constructor(options: CompletionStreamOptions) {
    this.#options = options;
    this.#head = this.#buildHead(options.model);
    this.#holdTimer = setTimeout(() => this.#write(SSE_PING), HOLD_HEAD_MS);
    options.exchange.onDone(() => this.#stop());
  }

  /** Whether the client has got a part of the answer. */
  get begun(): boolean {
    return this.#hasRole;
  }

  /** Whether an error can no longer be told by the HTTP status. */
  get opened(): boolean {
    return this.#events !== undefined || this.#pending !== "";
  }

  /** Takes a frame of the turn. False while the client is behind. */
  take(frame: ServerFrame): boolean {
    switch (frame.type) {
      case "turn.started":
        this.#restart(frame.model);
        break;
      case "turn.delta":
        if (frame.agent === undefined) this.#takeText(frame.text);
        break;
      case "turn.tool":
        this.#takeTool(frame);
        break;
      default:
        break;
    }
    return this.#events?.keepsUp ?? true;
  }

  /** Ends the answer as it should: what is missing of tool calls, the reason, the usage where it was asked for. */
  complete({ output, finishReason, usage }: CompletedFrame): void {
    if (!this.#text.endedWhole()) {
      this.#break();
      return;
    }
    for (const [index, call] of (output.toolCalls ?? []).entries()) this.#completeTool(index, call);
    this.#push({}, `"${finishReason}"`);
    if (this.#options.includeUsage) {
      this.#write(`${this.#head}"choices":[],"usage":${JSON.stringify(toOpenAiUsage(usage))}}\n\n`);
    }
    this.#end("data: [DONE]\n\n");
  }

  /** Ends the answer with an error object. */
  fail(error: OrchestraError): void {
    this.#end(`data: ${JSON.stringify(toOpenAiError(error.toEnvelope()))}\n\n`);
  }

  #restart(model: string): void {
    if (!this.#hasRole) this.#head = this.#buildHead(model);
    this.#text.restart();
    if (this.#toolChars.size > 0) this.#break();
  }

  #takeText(text: string): void {
    const fresh = this.#text.append(text);
    if (fresh !== "") this.#push({ content: fresh });
    else if (this.#text.diverged) this.#break();
  }

  #takeTool({ index, id, name, arguments: fragment }: TurnToolFrame): void {
    const before = this.#toolChars.get(index);
    this.#toolChars.set(index, (before ?? 0) + fragment.length);
    const call =
      before === undefined
        ? { index, id, type: "function" as const, function: { name: name ?? "", arguments: fragment } }
        : { index, function: { arguments: fragment } };
    this.#push({ tool_calls: [call] });
  }

  /** A tail that no event brought is in the turn's result. */
  #completeTool(index: number, { id, name, arguments: whole }: ToolCall): void {
    const sentChars = this.#toolChars.get(index);
    if (sentChars === undefined) {
      this.#push({ tool_calls: [{ index, id, type: "function", function: { name, arguments: whole } }] });
    } else if (sentChars < whole.length) {
      this.#push({ tool_calls: [{ index, function: { arguments: whole.slice(sentChars) } }] });
    }
  }

  #push(delta: ChatCompletionDelta, finishReason = "null"): void {
    if (!this.#hasRole) {
      this.#hasRole = true;
      this.#push({ role: "assistant", content: "" });
    }
    const usageSlot = this.#options.includeUsage ? ',"usage":null' : "";
    const choice = `{"index":0,"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${finishReason}}`;
    this.#write(`${this.#head}"choices":[${choice}]${usageSlot}}\n\n`);
  }

  #write(chunk: string): void {
    if (this.#ended) return;
    if (this.#pending === "") queueMicrotask(() => this.#flush());
    this.#pending += chunk;
  }

  #flush(): void {
    const chunk = this.#pending;
    if (chunk === "") return;
    this.#pending = "";
    if (this.#events === undefined) this.#open(chunk);
    else this.#events.write(chunk);
  }

  #open(opening?: string): SseStream {
    clearTimeout(this.#holdTimer);
    const { exchange, headers, onDrained } = this.#options;
    this.#events = new SseStream({ exchange, headers, ...(opening === undefined ? {} : { opening }), onDrained });
    return this.#events;
  }

  #end(last: string): void {
    if (this.#ended) return;
    const chunk = this.#pending + last;
    this.#stop();
    (this.#events ?? this.#open()).end(chunk);
  }

  #break(): void {
    if (this.#ended) return;
    this.fail(
      new OrchestraError("unavailable", "the answer had to start over, and what was sent cannot be taken back"),
    );
    this.#options.onBroken();
  }

  #stop(): void {
    clearTimeout(this.#holdTimer);
    this.#ended = true;
    this.#pending = "";
  }

  #buildHead(model: string): string {
    const { id, created } = this.#options;
    return `data: {"id":"${id}","object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},`;
  }
}
