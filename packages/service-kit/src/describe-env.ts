import type { ServiceName } from "@ai-orchestra/contracts";
import { z } from "zod";
import { baseEnvSchema } from "./base-env.js";

/** One environment variable, as documentation shows it. */
export interface EnvVariable {
  readonly name: string;
  readonly description: string;
  /** As one would write it; undefined when there is none. */
  readonly default: string | undefined;
  readonly isRequired: boolean;
  /** The only values it takes; empty when there are others. */
  readonly values: readonly string[];
  /** Whether every service has it. */
  readonly isBase: boolean;
}

/** The variables that a service reads: its own in the order of its schema, then those every service has. */
export function describeEnv(o: { name: ServiceName; env: z.ZodObject }): EnvVariable[] {
  const base = baseEnvSchema(o.name);
  const schema = base.extend(o.env.shape);
  const input = toJsonSchema(schema, "input");
  const output = toJsonSchema(schema, "output");
  const variables = Object.entries(input.properties).map(([name, property]) => ({
    name,
    description: property.description ?? "",
    // A default behind a transformation is written down in the type that comes out of it.
    default: showDefault(property.default ?? output.properties[name]?.default),
    isRequired: input.required?.includes(name) ?? false,
    values: property.enum?.map(String) ?? [],
    isBase: name in base.shape,
  }));
  return [...variables.filter(({ isBase }) => !isBase), ...variables.filter(({ isBase }) => isBase)];
}

interface EnvJsonSchema {
  readonly properties: Readonly<Record<string, EnvJsonProperty>>;
  readonly required?: readonly string[];
}

interface EnvJsonProperty {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
}

function toJsonSchema(schema: z.ZodObject, io: "input" | "output"): EnvJsonSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: "any" }) as EnvJsonSchema;
}

function showDefault(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  return Array.isArray(value) ? value.join(",") : JSON.stringify(value);
}
