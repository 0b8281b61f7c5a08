import { createHash } from "node:crypto";
import type { Owner } from "@ai-orchestra/contracts";
import type { VoiceRequest } from "../agents/voice.js";

/**
 * Names exactly what was asked, by whom and of which model: a hash of the owner, the model, all messages with the system
 * prompt among them, the tools and every setting that shapes an answer. Another client's question is another key.
 */
export function createAnswerKey(owner: Owner, modelId: string, request: VoiceRequest): string {
  const { messages, mode, temperature, maxTokens, sampling, tools } = request;
  const asked = JSON.stringify([owner, modelId, mode, messages, tools, temperature, maxTokens, sampling]);
  return createHash("sha256").update(asked).digest("base64url");
}
