import { createHash } from "node:crypto";
import {
  OrchestraError,
  ofrepRequestSchema,
  type ErrorEnvelope,
  type EvaluationContext,
  type EvaluationErrorCode,
  type FlagEvaluation,
  type OfrepBulk,
  type OfrepFailure,
  type OfrepSuccess,
} from "@ai-orchestra/contracts";
import type { FlagClient } from "@ai-orchestra/flags-engine";
import { errorAnswer, jsonAnswer, statusLine } from "./http-answers.js";
import type { HttpAnswer, HttpExchange } from "./http-exchange.js";
import { OFREP_EVENTS_PATH } from "./ofrep-events.js";
import { readJson } from "./read-request.js";
import type { HttpRoute } from "./router.js";

const STATUS: Readonly<Record<EvaluationErrorCode, number>> = {
  FLAG_NOT_FOUND: 404,
  TARGETING_KEY_MISSING: 400,
  INVALID_CONTEXT: 400,
  PARSE_ERROR: 400,
  GENERAL: 500,
};
/** How long a hidden client keeps its event stream. */
const INACTIVITY_DELAY_SECONDS = 120;

interface Failure {
  readonly errorCode: EvaluationErrorCode;
  readonly errorDetails: string;
}

/**
 * The OpenFeature Remote Evaluation Protocol 0.3: one flag, or all of them with an ETag. Flags are evaluated here, with
 * the definitions that this gateway has. Only single evaluations count as exposures: a bulk fetches ahead.
 */
export function createOfrepRoutes({
  flagClient,
  scheme,
}: {
  flagClient: Pick<FlagClient, "evaluate" | "peek" | "keys" | "revision">;
  /** What clients connect with, unless a proxy says otherwise. */
  scheme: "http" | "https";
}): HttpRoute[] {
  const route = { method: "POST", access: "private", scope: "flags:read", isMetered: false, answerError } as const;
  return [
    {
      ...route,
      path: "/ofrep/v1/evaluate/flags/:key",
      handle: async (exchange, _principal, { key = "" }) => {
        const context = await readContext(exchange);
        if ("errorCode" in context) {
          exchange.respond(jsonAnswer(STATUS[context.errorCode], { key, ...context }));
          return;
        }
        const answer = describe(key, flagClient.evaluate(key, context.context));
        exchange.respond(jsonAnswer("errorCode" in answer ? STATUS[answer.errorCode] : 200, answer));
      },
    },
    {
      ...route,
      path: "/ofrep/v1/evaluate/flags",
      handle: async (exchange: HttpExchange) => {
        const context = await readContext(exchange);
        if ("errorCode" in context) {
          exchange.respond(jsonAnswer(STATUS[context.errorCode], context));
          return;
        }
        const flags = flagClient.keys().map((key) => describe(key, flagClient.peek(key, context.context)));
        const etag = `"${createHash("sha256").update(JSON.stringify(flags)).digest("base64url").slice(0, 22)}"`;
        if (matchesTag(exchange.head.headers.get("if-none-match"), etag)) {
          exchange.respond({ status: statusLine(304), headers: { etag }, body: "" });
          return;
        }
        const body: OfrepBulk = {
          flags,
          eventStreams: [
            {
              type: "sse",
              endpoint: { ...originOf(exchange, scheme), requestUri: OFREP_EVENTS_PATH },
              inactivityDelaySec: INACTIVITY_DELAY_SECONDS,
            },
          ],
          metadata: { revision: flagClient.revision },
        };
        const answer = jsonAnswer(200, body);
        exchange.respond({ ...answer, headers: { ...answer.headers, etag } });
      },
    },
  ];
}

function describe(key: string, { errorCode, ...evaluation }: FlagEvaluation): OfrepSuccess | OfrepFailure {
  if (errorCode === undefined) return { key, ...evaluation };
  return { key, errorCode, errorDetails: explain(errorCode, key) };
}

function explain(errorCode: EvaluationErrorCode, key: string): string {
  switch (errorCode) {
    case "FLAG_NOT_FOUND":
      return `there is no flag ${key}`;
    case "TARGETING_KEY_MISSING":
      return `${key} is for a share of the users: the context needs a targetingKey`;
    case "PARSE_ERROR":
      return `the definition of ${key} cannot be used`;
    case "INVALID_CONTEXT":
    case "GENERAL":
      return `${key} cannot be evaluated`;
  }
}

async function readContext(exchange: HttpExchange): Promise<{ context: EvaluationContext } | Failure> {
  let body: unknown;
  try {
    body = await readJson(exchange);
  } catch (error) {
    if (!(error instanceof OrchestraError) || error.code !== "invalid_request") throw error;
    return { errorCode: "PARSE_ERROR", errorDetails: error.message };
  }
  const parsed = ofrepRequestSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "the body";
  return { errorCode: "INVALID_CONTEXT", errorDetails: `${where}: ${issue?.message ?? "is not valid"}` };
}

function matchesTag(given: string | undefined, etag: string): boolean {
  return given?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag) ?? false;
}

/** Where the caller reached us, so that it finds the event stream behind the same proxy. */
function originOf({ head: { headers } }: HttpExchange, scheme: "http" | "https"): { origin?: string } {
  const host = headers.get("host");
  if (host === undefined) return {};
  return { origin: `${headers.get("x-forwarded-proto") === "https" ? "https" : scheme}://${host}` };
}

/** Refusals keep their status, which is all that OFREP's clients look at, and get a body of OFREP's shape. */
function answerError(error: ErrorEnvelope, requestId: string): HttpAnswer {
  const body = { errorCode: "GENERAL", errorDetails: error.message };
  return { ...errorAnswer(error, requestId), body: JSON.stringify(body) };
}
