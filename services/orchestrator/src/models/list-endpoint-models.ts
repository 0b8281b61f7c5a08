import { OrchestraError } from "@ai-orchestra/contracts";
import { request } from "undici";
import { z } from "zod";

export interface EndpointModelsOptions {
  baseUrl: string;
  apiKey: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Models taken from one endpoint; aggregators list hundreds. */
const MAX_MODELS = 1_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Names of models that cannot chat. */
const NOT_FOR_CHAT = /embed|rerank|whisper|tts|transcri|dall-e|moderation|realtime|gpt-image/i;

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * Asks an OpenAI-compatible endpoint (`GET /models`) which chat models it has, in its own order. Rejects with
 * `provider_unavailable` when there is no usable answer within `timeoutMs`.
 */
export async function listEndpointModels(options: EndpointModelsOptions): Promise<string[]> {
  const { baseUrl, apiKey, timeoutMs, signal } = options;
  try {
    const response = await request(`${baseUrl.replace(/\/+$/, "")}/models`, {
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await readBody(response.body);
    if (response.statusCode !== 200) throw new Error(`the endpoint answered ${response.statusCode}`);
    const { data } = modelListSchema.parse(JSON.parse(text));
    const names = data.map(({ id }) => id).filter((name) => /^\S{1,120}$/.test(name) && !NOT_FOR_CHAT.test(name));
    return [...new Set(names)].slice(0, MAX_MODELS);
  } catch (cause) {
    throw new OrchestraError("provider_unavailable", "the endpoint did not list its models", { cause });
  }
}

async function readBody(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("the list is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
