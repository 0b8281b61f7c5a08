import { expect, it } from "vitest";
import { z } from "zod";
import { describeEnv } from "./describe-env.js";

const env = z.object({
  REDIS_URL: z.string().default("redis://127.0.0.1:6379").describe("Redis server."),
  SIGNING_KEY: z.string().describe("Key that signs."),
  RECALL: z.stringbool().default(false).describe("Whether to recall."),
  MODE: z.enum(["lite", "full"]).optional().describe("Mode."),
  LIST: z
    .string()
    .transform((list) => list.split(","))
    .default(["a", "b"])
    .describe("A list."),
});

it("describes a service's own variables first, in their order, and those every service has after them", () => {
  const variables = describeEnv({ name: "memory", env });
  expect(variables.slice(0, 6)).toEqual([
    {
      name: "REDIS_URL",
      description: "Redis server.",
      default: "redis://127.0.0.1:6379",
      isRequired: false,
      values: [],
      isBase: false,
    },
    {
      name: "SIGNING_KEY",
      description: "Key that signs.",
      default: undefined,
      isRequired: true,
      values: [],
      isBase: false,
    },
    {
      name: "RECALL",
      description: "Whether to recall.",
      default: "false",
      isRequired: false,
      values: [],
      isBase: false,
    },
    {
      name: "MODE",
      description: "Mode.",
      default: undefined,
      isRequired: false,
      values: ["lite", "full"],
      isBase: false,
    },
    { name: "LIST", description: "A list.", default: "a,b", isRequired: false, values: [], isBase: false },
    expect.objectContaining({ name: "NATS_URL", default: "nats://127.0.0.1:4222", isBase: true }),
  ]);
  expect(variables.find(({ name }) => name === "OPS_PORT")).toMatchObject({ default: "9102" });
});

it("comes out the same each time, so that generated tables do not change by themselves", () => {
  expect(describeEnv({ name: "memory", env })).toEqual(describeEnv({ name: "memory", env }));
});

it("gives every base variable a description", () => {
  const undescribed = describeEnv({ name: "gateway", env: z.object({}) }).filter(
    ({ description }) => description === "",
  );
  expect(undescribed).toEqual([]);
});
