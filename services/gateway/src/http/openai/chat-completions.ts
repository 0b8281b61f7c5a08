import type { Bus } from "@ai-orchestra/bus";
import { chatCompletionRequestSchema, OrchestraError, type ErrorEnvelope } from "@ai-orchestra/contracts";
import type { CancelTurn } from "../../turns/cancel-turn.js";
import type { ViewerEnd } from "../../turns/turn-viewer.js";
import type { TurnViewers } from "../../turns/turn-viewers.js";
import { envelopeOfFailure } from "../../versions/chat-response.js";
import { jsonAnswer } from "../http-answers.js";
import type { HttpTurn, StartHttpTurn } from "../http-turn.js";
import { readJsonBody } from "../read-request.js";
import type { HttpRoute } from "../router.js";
import { buildCompletion } from "./completion-answer.js";
import { orderOfCompletion } from "./completion-order.js";
import { CompletionStream } from "./completion-stream.js";
import { openAiErrorAnswer } from "./openai-errors.js";

export interface ChatCompletionsDependencies {
  startHttpTurn: StartHttpTurn;
  cancelTurn: CancelTurn;
  viewers: TurnViewers;
  bus: Pick<Bus, "status">;
  now: () => number;
  /** Hears when a turn whose answer broke could not be cancelled. */
  onError: (error: unknown) => void;
}

/**
 * `POST /v1/chat/completions`, as OpenAI's clients speak it: a stateless turn, streamed or whole. A client that goes
 * away cancels its turn.
 */
export function createChatCompletionsRoutes(dependencies: ChatCompletionsDependencies): HttpRoute[] {
  const { startHttpTurn, cancelTurn, viewers, bus, now, onError } = dependencies;
  return [
    {
      method: "POST",
      path: "/v1/chat/completions",
      access: "private",
      answerError: openAiErrorAnswer,
      handle: async (exchange, principal) => {
        const request = await readJsonBody(exchange, chatCompletionRequestSchema);
        // Said before anything is sent, so that the client may try another gateway without paying twice.
        if (bus.status !== "connected") throw new OrchestraError("unavailable", "the message bus is away");
        const order = orderOfCompletion(request);
        const answer = { id: `chatcmpl-${order.turnId}`, created: Math.floor(now() / 1_000) };
        let stream: CompletionStream | undefined;
        const turn = startHttpTurn({
          exchange,
          principal,
          order,
          protocol: "openai",
          deliver: (frame) => stream?.take(frame) ?? true,
        });
        try {
          await turn.accepted;
        } catch (thrown) {
          const refusal = OrchestraError.from(thrown).toEnvelope();
          // Unless the queue refused it, the turn may be there all the same.
          const answer = openAiErrorAnswer(refusal, exchange.requestId, refusal.code !== "overloaded");
          exchange.respond(withHeaders(answer, turn));
          return;
        }
        if (request.stream === true) {
          stream = new CompletionStream({
            exchange,
            headers: turn.headers,
            ...answer,
            model: request.model,
            includeUsage: request.stream_options?.include_usage === true,
            onDrained: () => void viewers.ask(turn.viewer, "drained"),
            onBroken: () => {
              turn.viewer.leave();
              cancelTurn(turn.viewer.key).catch(onError);
            },
          });
        }
        turn.viewer.release();
        const end = await turn.ended;
        if (end.kind === "left") return;
        if (end.kind === "terminal" && end.frame.type === "turn.completed") {
          if (stream !== undefined) stream.complete(end.frame);
          else exchange.respond(withHeaders(jsonAnswer(200, buildCompletion(end.frame, answer)), turn));
          return;
        }
        const failure = failureOf(end);
        if (stream?.opened === true) stream.fail(OrchestraError.fromEnvelope(failure));
        else exchange.respond(withHeaders(openAiErrorAnswer(failure, exchange.requestId, mayBeBilled(failure)), turn));
      },
    },
  ];
}

function failureOf(end: Exclude<ViewerEnd, { kind: "left" }>): ErrorEnvelope {
  if (end.kind === "lost") return end.error.toEnvelope();
  if (end.frame.type === "turn.completed") throw new Error("a completed turn is no failure");
  return envelopeOfFailure(end.frame);
}

/** Only a model that never began has cost nothing: no provider could be reached, or none had room. */
function mayBeBilled(failure: ErrorEnvelope): boolean {
  const { code } = failure;
  const saidSomething = "partialText" in failure;
  return saidSomething || !(code === "provider_unavailable" || code === "overloaded" || code === "maintenance");
}

function withHeaders<Answer extends { headers: Readonly<Record<string, string>> }>(
  answer: Answer,
  { headers }: HttpTurn,
): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
