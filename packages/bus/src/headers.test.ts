import { headers } from "@nats-io/nats-core";
import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import { describe, expect, test } from "vitest";
import { writeCallHeaders, writeHeaders, headerStatus, headerValue, HEADERS } from "./headers.js";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a header block", () => {
  test("reads the same in nats-core", () => {
    const decoded = MsgHdrsImpl.decode(Buffer.from(writeCallHeaders(7, 1_500, TRACEPARENT)));
    expect(decoded.get(HEADERS.call)).toBe("7");
    expect(decoded.get(HEADERS.timeoutMs)).toBe("1500");
    expect(decoded.get(HEADERS.traceparent)).toBe(TRACEPARENT);
    const others = MsgHdrsImpl.decode(
      Buffer.from(writeHeaders({ [HEADERS.messageId]: "a:b", [HEADERS.error]: "timeout" })),
    );
    expect([...others]).toEqual([
      [HEADERS.messageId, ["a:b"]],
      [HEADERS.error, ["timeout"]],
    ]);
  });

  test("can be read when nats-core wrote it", () => {
    const foreign = headers() as MsgHdrsImpl;
    foreign.set(HEADERS.timeoutMs, "20");
    foreign.set(HEADERS.traceparent, TRACEPARENT);
    const text = new TextDecoder().decode(foreign.encode());
    expect(headerValue(text, HEADERS.timeoutMs)).toBe("20");
    expect(headerValue(text, HEADERS.traceparent)).toBe(TRACEPARENT);
    expect(headerValue(text, HEADERS.error)).toBeUndefined();
    expect(headerStatus(text)).toBe(0);
  });

  test("tells the status of the server", () => {
    expect(headerStatus("NATS/1.0 503\r\n\r\n")).toBe(503);
    expect(headerStatus("NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 1\r\n\r\n")).toBe(408);
  });

  test("is not written when there is nothing in it", () => {
    expect(writeHeaders({ [HEADERS.traceparent]: undefined })).toBe("");
  });

  test("cannot be extended by a value with a line break", () => {
    expect(() => writeHeaders({ [HEADERS.messageId]: "a\r\nNats-Expected-Stream: OTHER" })).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });
});
