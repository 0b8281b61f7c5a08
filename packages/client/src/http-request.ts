import type { ErrorCode } from "@ai-orchestra/contracts";
import { OrchestraClientError } from "./client-error.js";
import { describeStatus, readRetryAfterMs } from "./http-status.js";
import type { TokenSource } from "./token-source.js";

export interface HttpRequesterOptions {
  readonly fetch: typeof fetch;
  readonly tokens: TokenSource;
  /** Base URLs to try, the best first. */
  readonly listUrls: () => string[];
  readonly requestTimeoutMs: number;
}

export interface HttpRequest {
  readonly method: "GET" | "DELETE";
  readonly path: string;
  readonly query?: Record<string, string | number | undefined>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends an idempotent request and returns the JSON of the answer, undefined where it has none. */
export type HttpRequester = (request: HttpRequest) => Promise<unknown>;

/** Tries the next gateway when one cannot be reached, and another token, once, when one is refused. */
export function createHttpRequester(o: HttpRequesterOptions): HttpRequester {
  const fetchFrom = async (baseUrl: string, request: HttpRequest): Promise<Response> => {
    const token = await o.tokens.get();
    const signals = [
      AbortSignal.timeout(o.requestTimeoutMs),
      ...(request.signal === undefined ? [] : [request.signal]),
    ];
    const headers: Record<string, string> = { accept: "application/json" };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    const url = `${baseUrl}${request.path}${formatQuery(request.query)}`;
    return o.fetch(url, { method: request.method, headers, signal: AbortSignal.any(signals) });
  };

  const fetchAnywhere = async (request: HttpRequest): Promise<Response> => {
    let cause: unknown;
    for (const baseUrl of o.listUrls()) {
      try {
        return await fetchFrom(baseUrl, request);
      } catch (error) {
        if (error instanceof OrchestraClientError) throw error;
        if (request.signal?.aborted === true) {
          throw new OrchestraClientError("cancelled", "the request was aborted", { cause: error });
        }
        cause = error;
      }
    }
    throw new OrchestraClientError("unavailable", "no gateway could be reached", { retryable: true, cause });
  };

  return async (request) => {
    let response = await fetchAnywhere(request);
    if (response.status === 401 && o.tokens.canRefresh) {
      o.tokens.invalidate();
      response = await fetchAnywhere(request);
    }
    const body = await readJson(response);
    if (!response.ok) throw toHttpError(response, body);
    return body;
  };
}

async function readJson(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    if (!response.ok) return undefined;
    throw new OrchestraClientError("unavailable", "the answer was cut off or is not JSON", { retryable: true, cause });
  }
}

function toHttpError(response: Response, body: unknown): OrchestraClientError {
  const { error } = (body ?? {}) as { error?: { code?: ErrorCode; message?: string } };
  const { code, retryable } = describeStatus(response.status);
  return new OrchestraClientError(error?.code ?? code, error?.message ?? `status ${response.status}`, {
    retryable,
    retryAfterMs: readRetryAfterMs(response.headers.get("retry-after")),
  });
}

function formatQuery(query: HttpRequest["query"] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] satisfies [string, string]],
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
}
