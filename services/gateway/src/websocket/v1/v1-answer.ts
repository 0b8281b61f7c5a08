import type { ServerFrame, TerminalFrame, V1ServerFrame, V1StreamToken } from "@ai-orchestra/contracts";
import { AppendOnlyText } from "../../turns/append-only-text.js";
import type { CorrelationId } from "./v1-frame-codec.js";

/** Sends a frame; the writer adds the time. False while the client is behind. */
export type SendV1 = (frame: V1Frame) => boolean;

type WithoutTime<Frame> = Frame extends unknown ? Omit<Frame, "timestamp"> : never;
export type V1Frame = WithoutTime<V1ServerFrame>;

/**
 * One turn in the words of V1. V1 cannot take text back: when an attempt starts over and says something else than the
 * one before, its tokens are left out, and `complete` has the whole text.
 */
export class V1Answer {
  readonly #send: SendV1;
  readonly #now: () => number;
  readonly #correlationId: CorrelationId;
  readonly #text = new AppendOnlyText();

  constructor({ send, now, correlationId }: { send: SendV1; now: () => number; correlationId: CorrelationId }) {
    this.#send = send;
    this.#now = now;
    this.#correlationId = correlationId;
  }

  /** Takes a frame of the turn. False while the client is behind. */
  take(frame: ServerFrame): boolean {
    switch (frame.type) {
      case "turn.started":
        this.#text.restart();
        return this.#token("status", "started", { model: frame.model, attempt: frame.attempt });
      case "turn.status":
        return this.#token("status", frame.stage, { detail: frame.detail, agent: frame.agent });
      case "turn.delta": {
        const fresh = frame.agent === undefined ? this.#text.append(frame.text) : "";
        return fresh === "" || this.#token("token", fresh, {});
      }
      case "turn.completed":
      case "turn.failed":
      case "turn.cancelled":
        return this.#end(frame);
      default:
        return true;
    }
  }

  #end(frame: TerminalFrame): boolean {
    switch (frame.type) {
      case "turn.completed": {
        const { metadata, usage, finishReason } = frame;
        return this.#token("complete", frame.output.text, {
          execution_mode: metadata.mode,
          execution_time: metadata.latencyMs / 1_000,
          quality_score: metadata.qualityScore,
          model: metadata.model,
          finish_reason: finishReason,
          tokens_used: usage.inputTokens + usage.outputTokens,
        });
      }
      case "turn.failed": {
        const { code, message, retryable, retryAfterMs: retry_after_ms } = frame;
        if (code !== "timeout") return this.#token("error", message, { code, retryable, retry_after_ms });
        return this.#send({
          type: "timeout",
          correlation_id: this.#correlationId,
          data: { code, message, retryable, retry_after_ms },
        });
      }
      case "turn.cancelled":
        return this.#token("error", "the turn was cancelled", { code: "cancelled", retryable: false });
    }
  }

  #token(type: V1StreamToken["type"], content: string, metadata: V1StreamToken["metadata"]): boolean {
    const timestamp = new Date(this.#now()).toISOString();
    return this.#send({
      type: "stream_token",
      correlation_id: this.#correlationId,
      data: { type, content, metadata, timestamp },
    });
  }
}
