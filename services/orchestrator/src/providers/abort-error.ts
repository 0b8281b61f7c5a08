import { OrchestraError } from "@ai-orchestra/contracts";

/** What a stream throws after its signal aborted: the abort reason if it is an `OrchestraError`, else `cancelled`. */
export function toAbortError(signal: AbortSignal): OrchestraError {
  const reason: unknown = signal.reason;
  if (reason instanceof OrchestraError) return reason;
  return new OrchestraError("cancelled", "the completion was cancelled", { cause: reason });
}
