import type { z } from "zod";

export type ParsedMessage<T> = { success: true; data: T } | { success: false; issues: string[] };

/** Parses what a stream had stored. Issues name a path and a rule, never a value: they are logged. */
export function parseStored<T>(text: string, schema: z.ZodType<T>): ParsedMessage<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { success: false, issues: ["not JSON"] };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { success: true, data: parsed.data };
  return {
    success: false,
    issues: parsed.error.issues.slice(0, 10).map((issue) => `${issue.path.map(String).join(".")}: ${issue.code}`),
  };
}
