import { context, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { startTracing, type Tracing } from "../tracing/start-tracing.js";
import { getTracer } from "../tracing/trace-context.js";
import { withLogFields } from "./log-fields.js";
import { createLogger, type Logger } from "./logger.js";

interface Captured {
  logger: Logger;
  lines: string[];
  last: () => Record<string, unknown>;
}

function capture(level?: string): Captured {
  const lines: string[] = [];
  const logger = createLogger({
    service: "gateway",
    instance: "gateway-1",
    level,
    destination: { write: (line) => void lines.push(line) },
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown> };
}

describe("createLogger", () => {
  let tracing: Tracing | undefined;

  afterEach(async () => {
    await tracing?.shutdown();
    tracing = undefined;
  });

  it("writes one JSON line with level word, ISO time, service, instance and msg", () => {
    const { logger, lines, last } = capture();
    logger.warn({ port: 8080 }, "listening");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith("}\n")).toBe(true);
    expect(last()).toEqual({
      level: "warn",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: "gateway",
      instance: "gateway-1",
      port: 8080,
      msg: "listening",
    });
  });

  it("leaves out what is below its level", () => {
    const { logger, lines } = capture("warn");
    logger.info("quiet");
    logger.error("loud");
    expect(lines).toHaveLength(1);
  });

  it("adds the trace id of the active span, and none outside of a trace", () => {
    tracing = startTracing({ service: "gateway", instance: "gateway-1", exporter: "none" });
    const { logger, last } = capture();
    logger.info("outside");
    expect(last()).not.toHaveProperty("traceId");
    const span = getTracer("test").startSpan("work");
    context.with(trace.setSpan(context.active(), span), () => logger.info("inside"));
    expect(last()["traceId"]).toBe(span.spanContext().traceId);
  });

  it("adds the fields of withLogFields across awaits, the inner ones on top, and forgets them afterwards", async () => {
    const { logger, last } = capture();
    await withLogFields({ owner: "00aa00aa00aa00aa", sessionId: "s1" }, async () => {
      await Promise.resolve();
      withLogFields({ turnId: "t1", sessionId: "s2" }, () => logger.info("inner"));
      expect(last()).toMatchObject({ owner: "00aa00aa00aa00aa", sessionId: "s2", turnId: "t1" });
      logger.info("outer");
      expect(last()).toMatchObject({ sessionId: "s1" });
      expect(last()).not.toHaveProperty("turnId");
    });
    logger.info("after");
    expect(last()).not.toHaveProperty("sessionId");
  });

  it.each([
    ["authorization", "Bearer abcdefgh12345678"],
    ["Authorization", "Bearer abcdefgh12345678"],
    ["proxy-authorization", "Basic dXNlcjpwYXNz"],
    ["token", "eyJhbGciOi"],
    ["accessToken", "eyJhbGciOi"],
    ["api_key", "k-123"],
    ["x-api-key", "k-123"],
    ["OPENAI_API_KEY", "k-123"],
    ["password", "hunter2"],
    ["nkeySeed", "SUAAA"],
    ["cookie", "sid=1"],
    ["text", "my diary"],
    ["partialText", "my diary"],
    ["input", { text: "my diary" }],
    ["messages", [{ role: "user", content: "my diary" }]],
    ["content", "my diary"],
    ["prompt", "my diary"],
    ["message", "my diary"],
  ])("replaces the value of %s at the top, in objects, in lists and in child loggers", (name, secret) => {
    const { logger, lines } = capture();
    logger.info({ [name]: secret }, "top");
    logger.info({ request: { headers: { [name]: secret } } }, "nested");
    logger.info({ frames: [{ [name]: secret }] }, "listed");
    logger.child({ [name]: secret }).info("bound");
    for (const line of lines) {
      expect(line).toContain(`"${name}":"[redacted]"`);
      expect(line).not.toMatch(/diary|hunter2|eyJ|k-123|SUAAA|sid=1|dXNl|abcdefgh/);
    }
    expect(lines).toHaveLength(4);
  });

  it("keeps counts and look-alikes readable", () => {
    const { logger, last } = capture();
    logger.info({ messages: 3, inputTokens: 10, usage: { outputTokens: 20 }, context: "ctx", text: null }, "counted");
    expect(last()).toMatchObject({
      messages: 3,
      inputTokens: 10,
      usage: { outputTokens: 20 },
      context: "ctx",
      text: null,
    });
  });

  it("does not change the object that it is given", () => {
    const { logger } = capture();
    const request = { headers: { authorization: "Bearer abcdefgh12345678" } };
    logger.info({ request }, "kept");
    expect(request.headers.authorization).toBe("Bearer abcdefgh12345678");
  });

  it.each([
    ["a bearer header", "upstream said 401 to Bearer abcdefgh12345678", "abcdefgh12345678"],
    ["a provider key", "key sk-proj-abcdefgh12345678 refused", "abcdefgh12345678"],
    ["a password in a URL", "cannot reach nats://user:hunter2@bus:4222", "hunter2"],
    ["a token in a URL", "cannot reach nats://s3cr3t@bus:4222/", "s3cr3t"],
  ])("replaces %s wherever it turns up", (_what, sentence, secret) => {
    const { logger, lines } = capture();
    logger.info(sentence);
    logger.info({ detail: sentence }, "field");
    logger.info({ err: new Error(sentence) }, "error");
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toContain("[redacted]");
      expect(line).not.toContain(secret);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
  });

  it("looks through what converts itself to JSON", () => {
    const { logger, last } = capture();
    const frame = { toJSON: () => ({ type: "turn.start", input: { text: "my diary" } }) };
    const broken = {
      toJSON: () => {
        throw new Error("my diary");
      },
    };
    logger.info({ frame, broken, at: new Date(0), body: Buffer.from("my diary") }, "converted");
    expect(last()).toMatchObject({
      frame: { type: "turn.start", input: "[redacted]" },
      broken: "[redacted]",
      at: "1970-01-01T00:00:00.000Z",
      body: "[8 bytes]",
    });
  });

  it("ends looking at objects that contain themselves", () => {
    const { logger, lines } = capture();
    const knot: Record<string, unknown> = { authorization: "Bearer abcdefgh12345678" };
    knot["self"] = knot;
    logger.info({ knot }, "tied");
    expect(lines[0]).not.toContain("abcdefgh");
  });

  it("writes errors as type, code, message, stack and cause, and nothing else of them", () => {
    const { logger, last } = capture();
    const cause = Object.assign(new TypeError("socket gone"), { code: "ECONNRESET", request: { body: "my diary" } });
    logger.error({ err: new Error("call failed", { cause }), attempt: 2 }, "gave up");
    expect(last()).toMatchObject({ attempt: 2, msg: "gave up" });
    expect(last()["err"]).toEqual({
      type: "Error",
      message: "call failed",
      stack: expect.stringContaining("logger.test"),
      cause: {
        type: "TypeError",
        code: "ECONNRESET",
        message: "socket gone",
        stack: expect.stringContaining("socket gone"),
      },
    });
  });

  it("writes an error that is logged by itself, or under another name, the same way", () => {
    const { logger, last } = capture();
    logger.error(new Error("alone"));
    expect(last()).toMatchObject({ msg: "alone", err: { type: "Error", message: "alone" } });
    logger.error({ reason: new RangeError("elsewhere") }, "named");
    expect(last()["reason"]).toMatchObject({ type: "RangeError", message: "elsewhere" });
  });
});
