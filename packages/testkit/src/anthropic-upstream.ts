import { createAnthropicWire } from "./anthropic-wire.js";
import { playScript } from "./play-script.js";
import { startRecordingServer, type Upstream, type UpstreamOptions } from "./recording-server.js";

/** Starts an endpoint that speaks Anthropic's Messages API (`/v1/messages`, streamed or not) and answers by script. */
export function startAnthropicUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  return startRecordingServer(options, {
    completionsPath: "/v1/messages",
    answer: (request, response, script) =>
      playScript(response, script, {
        wire: createAnthropicWire(request.model, request.messages.length),
        streaming: request.body["stream"] === true,
        usage: { inputTokens: request.messages.length, outputTokens: script.tokens.length },
      }),
    listModels: (models) => ({
      data: models.map((id) => ({ id, type: "model", display_name: id, created_at: "1970-01-01T00:00:00Z" })),
      has_more: false,
      first_id: models[0] ?? null,
      last_id: models.at(-1) ?? null,
    }),
  });
}
