import { OrchestraError } from "@ai-orchestra/contracts";
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";

const FETCH_TIMEOUT_MS = 5_000;
const MAX_BODY_BYTES = 1_048_576;
/** After a failure nobody asks again for this long. */
const FAILURE_PAUSE_MS = 1_000;
/** How long the last key set is used while it cannot be fetched again. */
const STALE_FOR_MS = 3_600_000;

export interface JwksOptions {
  readonly url: string;
  readonly cacheMs: number;
  /** Least time between two fetches because of a key that is not known. */
  readonly cooldownMs: number;
  readonly monotonicMs: () => number;
}

/**
 * Finds the key of a token in a key set that is fetched when it is needed, kept for `cacheMs`, and fetched again when a
 * token names a key that it lacks. A set that cannot be fetched again stays good for an hour; with none at all it rejects
 * with `unavailable`.
 */
export function createJwks({ url, cacheMs, cooldownMs, monotonicMs }: JwksOptions): JWTVerifyGetKey {
  let fetchedAtMs = -Infinity;
  let failedAtMs = -Infinity;
  const fetchOnce = async (input: string, init: RequestInit): Promise<Response> => {
    if (monotonicMs() - failedAtMs < FAILURE_PAUSE_MS) throw new Error("the key set could not be fetched just now");
    try {
      const response = await fetch(input, init);
      const body = await readBounded(response);
      if (!response.ok) throw new Error(`the key set was answered with status ${response.status}`);
      fetchedAtMs = monotonicMs();
      return new Response(body, { status: response.status, headers: { "content-type": "application/json" } });
    } catch (error) {
      failedAtMs = monotonicMs();
      throw error;
    }
  };
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: cooldownMs,
    cacheMaxAge: cacheMs,
    [customFetch]: fetchOnce,
  });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      const last = remote.jwks();
      if (last !== undefined && monotonicMs() - fetchedAtMs < STALE_FOR_MS) {
        return createLocalJWKSet(last)(header, token);
      }
      throw new OrchestraError("unavailable", "tokens cannot be checked at the moment", {
        retryAfterMs: FAILURE_PAUSE_MS,
        cause: error,
      });
    }
  };
}

/** The key set is there; it has no key for this token. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the key set is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
