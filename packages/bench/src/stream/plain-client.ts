import { Agent, request } from "undici";
import { type DriveOptions, type DriveResult, summarize } from "./drive-turns.js";

const FIRST_CONTENT = '"content":"t';

/** Reads the upstream directly, as a client without any back end would: one streamed completion at a time a connection. */
export async function drivePlainClient({ url, connections, turns, tokensPerTurn }: DriveOptions): Promise<DriveResult> {
  const dispatcher = new Agent({ connections });
  const firstTokenMs: number[] = [];
  const share = Math.ceil(turns / connections);
  const startedAt = performance.now();
  const runShare = async (): Promise<void> => {
    for (let done = 0; done < share; done += 1) firstTokenMs.push(await readCompletion(url, dispatcher));
  };
  await Promise.all(Array.from({ length: connections }, runShare));
  const seconds = (performance.now() - startedAt) / 1_000;
  await dispatcher.close();
  return summarize((share * connections * tokensPerTurn) / seconds, firstTokenMs);
}

/** Resolves with the time to the first token, in milliseconds, once the stream has ended. */
async function readCompletion(url: string, dispatcher: Agent): Promise<number> {
  const sentAt = performance.now();
  let first = Number.NaN;
  const response = await request(`${url}/chat/completions`, {
    method: "POST",
    dispatcher,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "model", stream: true, messages: [{ role: "user", content: "go" }] }),
  });
  for await (const chunk of response.body.setEncoding("utf8")) {
    if (Number.isNaN(first) && String(chunk).includes(FIRST_CONTENT)) first = performance.now() - sentAt;
  }
  return first;
}
