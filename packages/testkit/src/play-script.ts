import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { AnswerWire, ScriptedUsage } from "./answer-wire.js";
import type { CompleteScript } from "./upstream-script.js";

export interface PlayOptions {
  wire: AnswerWire;
  streaming: boolean;
  usage: ScriptedUsage | undefined;
}

/** Sends what the script says. Resolves when that is done or the client went away; never rejects because of the latter. */
export async function playScript(
  response: ServerResponse,
  script: CompleteScript,
  { wire, streaming, usage }: PlayOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    if (script.hang) return;
    await pause(script.headersMs, gone.signal);
    if (script.status !== 200) {
      response.writeHead(script.status, { "content-type": "application/json", ...script.headers });
      response.end(script.body ?? wire.errorBody(script.status));
      return;
    }
    if (streaming) await playStream(response, script, wire, usage, gone.signal);
    else await playWhole(response, script, wire, usage, gone.signal);
  } catch (thrown) {
    if (!gone.signal.aborted) throw thrown;
  }
}

async function playWhole(
  response: ServerResponse,
  script: CompleteScript,
  wire: AnswerWire,
  usage: ScriptedUsage | undefined,
  gone: AbortSignal,
): Promise<void> {
  await pause(script.firstTokenMs + script.tokenMs * Math.max(0, script.tokens.length - 1), gone);
  const { toolCalls, finishReason } = script;
  const body = wire.wholeAnswer({ text: script.tokens.join(""), toolCalls, finishReason, usage });
  response.writeHead(200, { "content-type": "application/json", ...script.headers });
  if (script.ending === "cut") {
    response.write(body.slice(0, body.length / 2), () => response.destroy());
    return;
  }
  response.end(script.ending === "truncate" ? body.slice(0, body.length / 2) : body);
}

async function playStream(
  response: ServerResponse,
  script: CompleteScript,
  wire: AnswerWire,
  usage: ScriptedUsage | undefined,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache", ...script.headers });
  const opening = wire.opening();
  if (script.firstTokenMs > 0) {
    response.write(opening);
    await pause(script.firstTokenMs, gone);
    await playTokens(response, script, wire, "", gone);
  } else {
    await playTokens(response, script, wire, opening, gone);
  }
  for (const [index, call] of script.toolCalls.entries()) {
    response.write(wire.toolCall(index, call, cutIntoFragments(call.arguments, script.fragmentChars)));
  }
  endStream(response, script, wire, usage);
}

/** Writes the tokens, each after its pause; without a pause all of them go out in one write. */
async function playTokens(
  response: ServerResponse,
  { tokens, tokenMs }: CompleteScript,
  wire: AnswerWire,
  opening: string,
  gone: AbortSignal,
): Promise<void> {
  if (tokenMs === 0) {
    let batch = opening;
    for (const token of tokens) batch += wire.token(token);
    if (batch !== "" && !response.write(batch)) await once(response, "drain", { signal: gone });
    return;
  }
  if (opening !== "") response.write(opening);
  for (const [index, token] of tokens.entries()) {
    if (index > 0) await pause(tokenMs, gone);
    response.write(wire.token(token));
  }
}

function endStream(
  response: ServerResponse,
  script: CompleteScript,
  wire: AnswerWire,
  usage: ScriptedUsage | undefined,
): void {
  switch (script.ending) {
    case "complete":
      response.end(wire.closing(script.finishReason, usage));
      return;
    case "stall":
      return;
    case "cut":
      response.write("", () => response.destroy());
      return;
    case "truncate":
      response.end(wire.token("never seen").slice(0, 40));
      return;
    case "garbage":
      response.write("data: <html>this is not JSON</html>\n\n");
      return;
    case "error":
      response.end(wire.streamError());
  }
}

function cutIntoFragments(text: string, chars: number): string[] {
  const fragments: string[] = [];
  for (let start = 0; start < text.length; start += chars) fragments.push(text.slice(start, start + chars));
  return fragments;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal });
}
