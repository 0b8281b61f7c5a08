import type { RecordedRequest } from "./recorded-request.js";

/** A tool call the upstream makes; `arguments` is sent in fragments of `fragmentChars`. */
export interface ScriptedToolCall {
  id: string;
  name: string;
  arguments: string;
}

/**
 * How a stream ends once its tokens are sent.
 * - `complete`: as it should.
 * - `stall`: nothing more comes, the connection stays open.
 * - `cut`: the socket is destroyed.
 * - `truncate`: the body ends cleanly, but in the middle of an event.
 * - `garbage`: an event that is not JSON, then nothing more.
 * - `error`: an error object as the upstream's own API puts it into a stream, then the end of the body.
 */
export type StreamEnding = "complete" | "stall" | "cut" | "truncate" | "garbage" | "error";

/** What an upstream answers to one request. Everything is optional: `{}` is a short, healthy answer. */
export interface UpstreamScript {
  /** Accept the request and never send a byte. */
  hang?: boolean;
  /** Pause before the status line. */
  headersMs?: number;
  /** Anything but 200 answers at once with an error body. */
  status?: number;
  /** Extra response headers, for example `retry-after`. */
  headers?: Record<string, string>;
  /** Sent as it is in place of the API's error object, when `status` is not 200. */
  body?: string;
  /** The pieces of the answer, or how many words to make up. Default 3. */
  tokens?: readonly string[] | number;
  /** Pause between the headers and the first token. */
  firstTokenMs?: number;
  /** Pause between two tokens; 0 sends them in one go. */
  tokenMs?: number;
  toolCalls?: readonly ScriptedToolCall[];
  fragmentChars?: number;
  /** In the words of the API that is played, for example `length` or `max_tokens`. */
  finishReason?: string;
  /** Whether token counts are sent (where the request asks for them). Default true. */
  usage?: boolean;
  ending?: StreamEnding;
}

/** A script, or a function that chooses one for each request. */
export type UpstreamBehaviour = UpstreamScript | ((request: RecordedRequest) => UpstreamScript);

export interface CompleteScript {
  readonly hang: boolean;
  readonly headersMs: number;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly tokens: readonly string[];
  readonly firstTokenMs: number;
  readonly tokenMs: number;
  readonly toolCalls: readonly ScriptedToolCall[];
  readonly fragmentChars: number;
  readonly finishReason: string | undefined;
  readonly usage: boolean;
  readonly ending: StreamEnding;
}

/** Fills in what a script leaves out. */
export function completeScript(script: UpstreamScript): CompleteScript {
  const { tokens = 3 } = script;
  return {
    hang: script.hang ?? false,
    headersMs: script.headersMs ?? 0,
    status: script.status ?? 200,
    headers: script.headers ?? {},
    body: script.body,
    tokens: typeof tokens === "number" ? makeTokens(tokens) : tokens,
    firstTokenMs: script.firstTokenMs ?? 0,
    tokenMs: script.tokenMs ?? 0,
    toolCalls: script.toolCalls ?? [],
    fragmentChars: script.fragmentChars ?? 8,
    finishReason: script.finishReason,
    usage: script.usage ?? true,
    ending: script.ending ?? "complete",
  };
}

/** `count` words, numbered so that a missing or doubled one shows. */
export function makeTokens(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `t${index} `);
}
