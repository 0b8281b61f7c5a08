import {
  clientFrameSchema,
  ID_PATTERN,
  OrchestraError,
  toInvalidRequest,
  type ClientFrame,
  type ErrorFrame,
} from "@ai-orchestra/contracts";

/** A client frame as it was understood, or why not; `turnId` where the refused frame names one. */
export type DecodedFrame =
  | { readonly ok: true; readonly frame: ClientFrame }
  | { readonly ok: false; readonly error: OrchestraError; readonly turnId: string | undefined };

const FRAME_TYPES: ReadonlySet<unknown> = new Set(
  clientFrameSchema.options.flatMap((option) => [...option.shape.type.values]),
);

/** Reads one V2 client frame. Its errors never quote what the client sent. */
export function decodeClientFrame(text: string): DecodedFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse(new OrchestraError("invalid_request", "the frame is not JSON", { cause }));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(new OrchestraError("invalid_request", "a frame is a JSON object"));
  }
  const { type, turnId } = value as { type?: unknown; turnId?: unknown };
  const namedTurn = typeof turnId === "string" && ID_PATTERN.test(turnId) ? turnId : undefined;
  if (!FRAME_TYPES.has(type)) {
    return refuse(new OrchestraError("invalid_request", "the frame has no type that is known here"), namedTurn);
  }
  const parsed = clientFrameSchema.safeParse(value);
  if (parsed.success) return { ok: true, frame: parsed.data };
  return refuse(toInvalidRequest(parsed.error, `the ${String(type)} frame`), namedTurn);
}

/** The `error` frame for something that was refused. */
export function toErrorFrame(error: OrchestraError, turnId?: string): ErrorFrame {
  const { code, message, retryable, retryAfterMs } = error;
  return { type: "error", code, message, retryable, retryAfterMs, turnId };
}

function refuse(error: OrchestraError, turnId?: string): DecodedFrame {
  return { ok: false, error, turnId };
}
