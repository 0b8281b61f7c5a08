import type { OrchestraError } from "@ai-orchestra/contracts";
import type { V1Frame } from "./v1-answer.js";
import type { CorrelationId } from "./v1-frame-codec.js";

/** The `error` frame for something that was refused, or the `timeout` frame for what took too long. */
export function toV1ErrorFrame(error: OrchestraError, correlationId?: CorrelationId): V1Frame {
  const { code, message, retryable, retryAfterMs: retry_after_ms } = error;
  return {
    type: code === "timeout" ? "timeout" : "error",
    correlation_id: correlationId,
    data: { code, message, retryable, retry_after_ms },
  };
}
