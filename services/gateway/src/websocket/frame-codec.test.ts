import { OrchestraError } from "@ai-orchestra/contracts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeClientFrame, toErrorFrame } from "./frame-codec.js";

describe("reading client frames", () => {
  test("understands every type of the protocol", () => {
    const frames = [
      { type: "turn.start", turnId: "t", input: { text: "hi" } },
      { type: "turn.cancel", turnId: "t" },
      { type: "turn.resume", turnId: "t", sessionId: "s", attempt: 0, position: 0 },
      { type: "session.attach", sessionId: "s" },
      { type: "session.detach", sessionId: "s" },
      { type: "auth.refresh", token: "x" },
      { type: "ping" },
    ];
    for (const frame of frames) expect(decodeClientFrame(JSON.stringify(frame))).toEqual({ ok: true, frame });
  });

  test("names the turn of a frame that is refused, where it is an id", () => {
    expect(decodeClientFrame(`{"type":"nonsense","turnId":"t"}`)).toMatchObject({ ok: false, turnId: "t" });
    expect(decodeClientFrame(`{"type":"nonsense","turnId":"a b"}`)).toMatchObject({ ok: false, turnId: undefined });
  });

  test("refuses or understands whatever text there is, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const decoded = decodeClientFrame(text);
        if (!decoded.ok) expect(decoded.error.code).toBe("invalid_request");
      }),
    );
  });
});

test("an error frame carries what a client needs to go on", () => {
  const error = new OrchestraError("overloaded", "full", { retryAfterMs: 250 });
  expect(toErrorFrame(error, "t")).toEqual({
    type: "error",
    code: "overloaded",
    message: "full",
    retryable: true,
    retryAfterMs: 250,
    turnId: "t",
  });
});
