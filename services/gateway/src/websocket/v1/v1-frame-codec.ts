import { OrchestraError, toInvalidRequest, v1ChatTextSchema, v1ClientFrameSchema } from "@ai-orchestra/contracts";

export type CorrelationId = string | number | undefined;

/** What a V1 frame asks for. */
export type V1Action =
  | { readonly kind: "chat"; readonly text: string; readonly attachments: Readonly<Record<string, unknown>> }
  | { readonly kind: "ping" }
  | { readonly kind: "cancel" };

export type DecodedV1Frame = { readonly correlationId: CorrelationId } & (
  | { readonly ok: true; readonly action: V1Action }
  | { readonly ok: false; readonly error: OrchestraError }
);

/** Reads one V1 client frame. Its errors never quote what the client sent. */
export function decodeV1Frame(message: string): DecodedV1Frame {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch (cause) {
    return refuse(new OrchestraError("invalid_request", "the frame is not JSON", { cause }), undefined);
  }
  const parsed = v1ClientFrameSchema.safeParse(value);
  if (!parsed.success) return refuse(toInvalidRequest(parsed.error, "the frame"), readCorrelationId(value));
  const frame = parsed.data;
  const correlationId = frame.correlation_id ?? undefined;
  if (frame.type === "ping") return { ok: true, correlationId, action: { kind: "ping" } };
  if (frame.type === undefined) return decodeChat(frame.message, {}, correlationId);
  const { message: text = frame.data.text, context } = frame.data;
  if (frame.type === "command" || frame.type === "control") {
    const word = (text ?? "").trim().toLowerCase();
    if (word === "ping") return { ok: true, correlationId, action: { kind: "ping" } };
    if (word === "cancel" || word === "stop") return { ok: true, correlationId, action: { kind: "cancel" } };
    // Other commands always were texts for the model; there are no other controls.
    if (frame.type === "control") {
      return refuse(new OrchestraError("invalid_request", "this control is not known here"), correlationId);
    }
  }
  return decodeChat(text, context ?? {}, correlationId);
}

function decodeChat(
  given: string | undefined,
  attachments: Readonly<Record<string, unknown>>,
  correlationId: CorrelationId,
): DecodedV1Frame {
  const text = v1ChatTextSchema.safeParse(given);
  if (!text.success) return refuse(toInvalidRequest(text.error, "the message"), correlationId);
  return { ok: true, correlationId, action: { kind: "chat", text: text.data, attachments } };
}

function refuse(error: OrchestraError, correlationId: CorrelationId): DecodedV1Frame {
  return { ok: false, error, correlationId };
}

function readCorrelationId(value: unknown): CorrelationId {
  if (typeof value !== "object" || value === null || !("correlation_id" in value)) return undefined;
  const { correlation_id: id } = value;
  return (typeof id === "string" && id.length <= 200) || typeof id === "number" ? id : undefined;
}
