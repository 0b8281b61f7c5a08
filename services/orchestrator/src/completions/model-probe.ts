import { OrchestraError } from "@ai-orchestra/contracts";
import type { ResolvedModel } from "../models/resolved-model.js";

/**
 * Asks a model for one token and waits for the whole answer: the cheapest question whose answer shows that turns would be
 * answered too. Listing models proves less, since it often works while completions fail.
 */
export async function probeModel(model: ResolvedModel, signal: AbortSignal): Promise<void> {
  const request = {
    model: model.upstreamName,
    messages: [{ role: "user" as const, content: "ping" }],
    maxTokens: 1,
  };
  for await (const event of model.chat.stream(request, signal)) if (event.type === "finish") return;
  throw new OrchestraError("provider_error", "the model provider ended its answer before it was whole");
}
