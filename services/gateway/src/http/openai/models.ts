import type { Bus } from "@ai-orchestra/bus";
import { OrchestraError, orchestratorModelsList, type OpenAiModel } from "@ai-orchestra/contracts";
import { jsonAnswer } from "../http-answers.js";
import type { HttpExchange } from "../http-exchange.js";
import type { HttpRoute } from "../router.js";
import { openAiErrorAnswer } from "./openai-errors.js";

/** `GET /v1/models`, the default model first, and `GET /v1/models/{id}`. */
export function createModelsRoutes({ bus }: { bus: Pick<Bus, "call"> }): HttpRoute[] {
  const route = { method: "GET", access: "private", answerError: openAiErrorAnswer } as const;
  return [
    {
      ...route,
      path: "/v1/models",
      handle: async (exchange: HttpExchange) => {
        exchange.respond(jsonAnswer(200, { object: "list", data: await listModels() }));
      },
    },
    {
      ...route,
      path: "/v1/models/:model",
      handle: async (exchange, _principal, { model = "" }) => {
        const found = (await listModels()).find(({ id }) => encodeURIComponent(id) === model || id === model);
        if (found === undefined) throw new OrchestraError("not_found", "there is no such model");
        exchange.respond(jsonAnswer(200, found));
      },
    },
  ];

  async function listModels(): Promise<OpenAiModel[]> {
    const { models } = await bus.call(orchestratorModelsList, {});
    // When a model was made is not known here, and the API has no way to say so.
    return models.map(({ id, provider }) => ({ id, object: "model", created: 0, owned_by: provider }));
  }
}
