import type { ChatTurn, OrchestraClientError } from "@ai-orchestra/client";

type CompletedFrame = Awaited<ChatTurn["completed"]>;

/** One line about an answer: the model, how long it took, and whatever was not as it should be. */
export function describeAnswer({ metadata, usage, attempt, finishReason }: CompletedFrame): string {
  const facts = [metadata.model, `${Math.round(metadata.latencyMs)} ms`];
  if (metadata.timeToFirstTokenMs !== null) facts.push(`first token ${Math.round(metadata.timeToFirstTokenMs)} ms`);
  facts.push(`${usage.inputTokens} + ${usage.outputTokens} tokens${usage.estimated ? " (estimated)" : ""}`);
  if (attempt > 1) facts.push(`attempt ${attempt}`);
  if (metadata.fallbacks.length > 0) facts.push(`after ${metadata.fallbacks.join(", ")}`);
  if (metadata.cached) facts.push("cached");
  if (metadata.degraded) facts.push("degraded");
  if (finishReason !== "stop") facts.push(`ended by ${finishReason}`);
  return facts.join(" · ");
}

/** One line about an error, with when it may be worth trying again. */
export function describeError({ code, message, retryable, retryAfterMs }: OrchestraClientError): string {
  const seconds = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  const again = seconds === undefined ? "try again" : `try again in ${seconds} s`;
  return `${code}: ${message}${retryable ? ` (${again})` : ""}`;
}
