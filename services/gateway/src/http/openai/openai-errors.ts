import { ERROR_CODES, type ErrorEnvelope, type OpenAiError } from "@ai-orchestra/contracts";
import { errorAnswer } from "../http-answers.js";
import type { HttpAnswer } from "../http-exchange.js";

/** An error in the body that OpenAI's clients read. */
export function toOpenAiError({ code, message, details }: ErrorEnvelope): OpenAiError {
  const param = details?.[0]?.path;
  return {
    error: { message, type: errorTypeOf(ERROR_CODES[code].status), code, param: param === "" ? null : (param ?? null) },
  };
}

/**
 * The HTTP answer for an error on an OpenAI-compatible route. The clients repeat a request by themselves after most
 * statuses; `x-should-retry: false` keeps them from it where it is of no use, or where `mayBeBilled` says that a model
 * may be at work already and would be paid twice.
 */
export function openAiErrorAnswer(error: ErrorEnvelope, requestId: string, mayBeBilled = false): HttpAnswer {
  const isWorthRetrying = error.retryable && !mayBeBilled;
  const { status, headers } = errorAnswer({ ...error, retryable: isWorthRetrying }, requestId);
  return {
    status,
    headers: isWorthRetrying ? headers : { ...headers, "x-should-retry": "false" },
    body: JSON.stringify(toOpenAiError(error)),
  };
}

function errorTypeOf(status: number): OpenAiError["error"]["type"] {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 499 ? "invalid_request_error" : "server_error";
  }
}
