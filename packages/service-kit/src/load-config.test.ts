import { describe, expect, it } from "vitest";
import { z } from "zod";
import { baseEnvSchema } from "./base-env.js";
import { ConfigError, loadConfig } from "./load-config.js";

const env = baseEnvSchema("memory").extend({
  REDIS_URL: z.url().default("redis://127.0.0.1:6379").describe("Redis server."),
  MEMORY_MAX_MESSAGES: z.coerce.number().int().min(1).default(200).describe("Messages kept per session."),
  MEMORY_API_KEY: z.string().min(20).optional().describe("Key of the recall service."),
});

const load = (source: Record<string, string | undefined>) => loadConfig({ name: "memory", env, source });

function linesOf(source: Record<string, string>, schema: z.ZodObject = env): readonly string[] {
  try {
    loadConfig({ name: "memory", env: schema, source });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("fills every default, the service's ops port among them", () => {
    expect(load({})).toEqual({
      NATS_URL: ["nats://127.0.0.1:4222"],
      OPS_HOST: "127.0.0.1",
      OPS_PORT: 9102,
      LOG_LEVEL: "info",
      LOG_FORMAT: "json",
      START_TIMEOUT_MS: 60_000,
      DRAIN_TIMEOUT_MS: 4000,
      OTEL_TRACES_EXPORTER: "none",
      OTEL_TRACES_SAMPLER_ARG: 1,
      REDIS_URL: "redis://127.0.0.1:6379",
      MEMORY_MAX_MESSAGES: 200,
    });
  });

  it("adds the base variables to a schema that does not bring them", () => {
    const own = z.object({ REDIS_URL: z.url().default("redis://127.0.0.1:6379") });
    expect(loadConfig({ name: "memory", env: own, source: {} })).toMatchObject({ OPS_PORT: 9102 });
  });

  it("splits the NATS servers at commas", () => {
    expect(load({ NATS_URL: "nats://a:4222, tls://user:secret@b:4222," }).NATS_URL).toEqual([
      "nats://a:4222",
      "tls://user:secret@b:4222",
    ]);
  });

  it("takes an empty variable for one that is not set", () => {
    expect(load({ OPS_PORT: "", LOG_LEVEL: "  " })).toMatchObject({ OPS_PORT: 9102, LOG_LEVEL: "info" });
  });

  it("names every wrong variable in a line of its own, with its value and the cure", () => {
    expect(linesOf({ OPS_PORT: "http", LOG_LEVEL: "loud", MEMORY_MAX_MESSAGES: "0", REDIS_URL: "redis://ok" })).toEqual(
      [
        expect.stringMatching(
          /^OPS_PORT="http" is wrong: .*number.* Correct it, or unset it for the default\. .*Port of/,
        ),
        expect.stringMatching(/^LOG_LEVEL="loud" is wrong: .*"debug"\|"info".*Least severe level/),
        expect.stringMatching(/^MEMORY_MAX_MESSAGES="0" is wrong: .*1.*Messages kept per session/),
      ],
    );
  });

  it.each([
    ["OPS_PORT", "70000"],
    ["OPS_PORT", "80.5"],
    ["OPS_PORT", "-1"],
    ["NATS_URL", "127.0.0.1:4222"],
    ["NATS_URL", ","],
    ["INSTANCE_ID", "memory.1"],
    ["DRAIN_TIMEOUT_MS", "4s"],
    ["OTEL_TRACES_EXPORTER", "datadog"],
    ["OTEL_TRACES_SAMPLER_ARG", "2"],
    ["STACK_PARENT_PID", "me"],
  ])("refuses %s=%s", (variable, value) => {
    expect(linesOf({ [variable]: value })).toEqual([expect.stringContaining(`${variable}="${value}" is wrong`)]);
  });

  it("says that a variable without a default is not set", () => {
    const schema = z.object({ SIGNING_KEY: z.string().describe("Key that signs.") });
    expect(linesOf({}, schema)).toEqual(["SIGNING_KEY is not set. Set it. It is: Key that signs."]);
  });

  it("repeats neither secrets nor passwords in URLs", () => {
    const lines = linesOf({ MEMORY_API_KEY: "short-secret", NATS_URL: "http://user:hunter2@bus" });
    expect(lines).toHaveLength(2);
    expect(lines.join("\n")).not.toMatch(/short-secret|hunter2/);
  });
});
