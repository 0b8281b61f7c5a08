import type { OrchestraClientError } from "./client-error.js";

/** What the client's connection is doing. */
export type ConnectionState =
  /** Nothing asked for one yet. */
  | { readonly status: "idle" }
  | { readonly status: "connecting"; readonly url: string }
  | { readonly status: "open"; readonly url: string; readonly connectionId: string }
  /** Waiting before the next attempt. */
  | { readonly status: "waiting"; readonly retryInMs: number; readonly reason: OrchestraClientError }
  /** For good: `reason` has the code `client_closed` after `close()`. */
  | { readonly status: "closed"; readonly reason: OrchestraClientError };
