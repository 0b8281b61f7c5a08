import { Agent, request } from "undici";
import { median } from "../median.js";

/** An OpenAI-compatible endpoint to measure. */
export interface CompletionsSide {
  /** Up to and including the version. */
  readonly url: string;
  readonly model: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CompletionsLoad {
  readonly streaming: boolean;
  readonly inFlight: number;
  readonly requests: number;
}

export interface CompletionsResult {
  readonly requestsPerSecond: number;
  /** Median time to the first token of a stream, or to the end of a whole answer, in milliseconds. */
  readonly latencyMs: number;
}

const FIRST_TOKEN = '"content":"t';

/** Asks for completions in a closed loop, `inFlight` at a time, each to its end. An answer that is not whole is an error. */
export async function driveCompletions(
  { url, model, headers = {} }: CompletionsSide,
  { streaming, inFlight, requests }: CompletionsLoad,
): Promise<CompletionsResult> {
  const dispatcher = new Agent({ connections: inFlight });
  const body = JSON.stringify({ model, stream: streaming, messages: [{ role: "user", content: "go" }] });
  const latenciesMs: number[] = [];
  const ask = async (): Promise<void> => {
    const sentAt = performance.now();
    const response = await request(`${url}/chat/completions`, {
      method: "POST",
      dispatcher,
      headers: { "content-type": "application/json", authorization: "Bearer bench", ...headers },
      body,
    });
    let text = "";
    let firstAt: number | undefined;
    for await (const chunk of response.body.setEncoding("utf8")) {
      text += String(chunk);
      if (firstAt === undefined && text.includes(FIRST_TOKEN)) firstAt = performance.now();
    }
    const isWhole = streaming ? text.endsWith("data: [DONE]\n\n") : text.includes('"finish_reason":"stop"');
    if (response.statusCode !== 200 || firstAt === undefined || !isWhole) {
      throw new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 500)}`);
    }
    latenciesMs.push(firstAt - sentAt);
  };
  const startedAt = performance.now();
  let left = requests;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1;
        await ask();
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  await dispatcher.close();
  return { requestsPerSecond: requests / seconds, latencyMs: median(latenciesMs) };
}
