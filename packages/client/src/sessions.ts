import type { SessionMessagePage, SessionPage, SessionSummary } from "@ai-orchestra/contracts";
import type { HttpRequester } from "./http-request.js";

export interface PageRequest {
  /** `nextCursor` of the page before. */
  cursor?: string;
  limit?: number;
  signal?: AbortSignal;
}

/** The caller's own sessions. Another's, and one that is not there, are `not_found` alike. */
export interface Sessions {
  list(page?: PageRequest): Promise<SessionPage>;
  get(sessionId: string, o?: { signal?: AbortSignal }): Promise<SessionSummary>;
  /** Oldest message first. */
  messages(sessionId: string, page?: PageRequest): Promise<SessionMessagePage>;
  delete(sessionId: string, o?: { signal?: AbortSignal }): Promise<void>;
}

export function createSessions(request: HttpRequester): Sessions {
  const pathOf = (sessionId: string): string => `/v2/sessions/${encodeURIComponent(sessionId)}`;
  return {
    async list({ signal, ...query } = {}) {
      return (await request({ method: "GET", path: "/v2/sessions", query: { ...query }, signal })) as SessionPage;
    },
    async get(sessionId, { signal } = {}) {
      return (await request({ method: "GET", path: pathOf(sessionId), signal })) as SessionSummary;
    },
    async messages(sessionId, { signal, ...query } = {}) {
      const path = `${pathOf(sessionId)}/messages`;
      return (await request({ method: "GET", path, query: { ...query }, signal })) as SessionMessagePage;
    },
    async delete(sessionId, { signal } = {}) {
      await request({ method: "DELETE", path: pathOf(sessionId), signal });
    },
  };
}
