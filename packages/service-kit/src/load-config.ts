import type { ServiceName } from "@ai-orchestra/contracts";
import type { z } from "zod";
import { baseEnvSchema, type BaseConfig } from "./base-env.js";

/** The configuration is wrong. Each line names one variable, what is wrong with it and what would be right. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "invalid_config";
  readonly lines: readonly string[];

  constructor(lines: readonly string[], cause: unknown) {
    super(lines.join("\n"), { cause });
    this.lines = lines;
  }
}

export interface LoadConfigOptions<Env extends z.ZodObject> {
  name: ServiceName;
  /** The service's variables, with or without the base ones. */
  env: Env;
  /** The process's environment unless given. */
  source?: Readonly<Record<string, string | undefined>>;
  /** See `ServiceDefinition`. */
  check?: ((config: z.output<Env> & BaseConfig) => readonly string[]) | undefined;
}

/**
 * Reads the base variables and the service's own. A variable that is empty counts as not set.
 *
 * @throws ConfigError when a variable is wrong or missing.
 */
export function loadConfig<Env extends z.ZodObject>(o: LoadConfigOptions<Env>): z.output<Env> & BaseConfig {
  const schema = baseEnvSchema(o.name).extend(o.env.shape);
  const source: Record<string, string> = {};
  for (const [variable, value] of Object.entries(o.source ?? process.env)) {
    if (value !== undefined && value.trim() !== "") source[variable] = value;
  }
  const parsed = schema.safeParse(source);
  if (!parsed.success) throw new ConfigError(describeIssues(parsed.error, schema, source), parsed.error);
  const config = parsed.data as z.output<Env> & BaseConfig;
  const problems = o.check?.(config) ?? [];
  if (problems.length > 0) throw new ConfigError(problems, undefined);
  return config;
}

/** One line per variable, even when several things are wrong with it. */
function describeIssues(error: z.ZodError, schema: z.ZodObject, source: Readonly<Record<string, string>>): string[] {
  const lines = new Map<string, string>();
  for (const issue of error.issues) {
    const variable = String(issue.path[0] ?? "");
    if (lines.has(variable)) continue;
    const value = source[variable];
    const problem =
      value === undefined
        ? `${variable} is not set`
        : `${variable}=${showValue(variable, value)} is wrong: ${issue.message}`;
    lines.set(variable, `${problem}. ${describeCure(schema.shape[variable], value !== undefined)}`);
  }
  return [...lines.values()];
}

function describeCure(field: z.ZodType | undefined, isSet: boolean): string {
  if (field === undefined) return "Correct it.";
  const meaning = field.description ?? "";
  const fallback = field.safeParse(undefined);
  const cure = !isSet ? "Set it." : fallback.success ? "Correct it, or unset it for the default." : "Correct it.";
  return meaning === "" ? cure : `${cure} It is: ${meaning}`;
}

function showValue(variable: string, value: string): string {
  if (/KEY|TOKEN|SECRET|PASSWORD|SEED|CREDENTIAL/.test(variable)) return "[redacted]";
  const shown = value.replaceAll(/:\/\/[^\s@]*@/g, "://[redacted]@");
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}
