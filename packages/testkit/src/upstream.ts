import { createOpenAiWire } from "./openai-wire.js";
import { playScript } from "./play-script.js";
import { startRecordingServer, type Upstream, type UpstreamOptions } from "./recording-server.js";

/** Starts an OpenAI-compatible endpoint (`/v1/chat/completions`, streamed or not, and `/v1/models`) that answers by script. */
export function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  return startRecordingServer(options, {
    completionsPath: "/v1/chat/completions",
    answer: (request, response, script) => {
      const streaming = request.body["stream"] === true;
      const streamOptions = request.body["stream_options"] as { include_usage?: boolean } | undefined;
      const includeUsage = script.usage && streamOptions?.include_usage === true;
      const inputTokens = request.messages.length;
      const usage = script.usage ? { inputTokens, outputTokens: script.tokens.length } : undefined;
      return playScript(response, script, { wire: createOpenAiWire(request.model, includeUsage), streaming, usage });
    },
    listModels: (models) => ({
      object: "list",
      data: models.map((id) => ({ id, object: "model", created: 0, owned_by: "testkit" })),
    }),
  });
}
