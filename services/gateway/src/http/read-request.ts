import { idSchema, OrchestraError, toInvalidRequest } from "@ai-orchestra/contracts";
import type { z } from "zod";
import type { HttpExchange } from "./http-exchange.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads and validates a JSON body. Rejects with `invalid_request` or `too_large`, never quoting the body. */
export async function readJsonBody<Schema extends z.ZodType>(
  exchange: HttpExchange,
  schema: Schema,
): Promise<z.output<Schema>> {
  return validateBody(schema, await readJson(exchange));
}

/** Reads a JSON body whose schema is not known yet; `validateBody` comes next. Rejects as `readJsonBody` does. */
export async function readJson(exchange: HttpExchange): Promise<unknown> {
  const bytes = await exchange.body;
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw new OrchestraError("invalid_request", "the body is not JSON", { cause });
  }
}

export function validateBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  return validate(schema, body, "the body");
}

/** Validates query parameters; a parameter that is given twice counts with its first value. */
export function readQuery<Schema extends z.ZodType>(exchange: HttpExchange, schema: Schema): z.output<Schema> {
  const { query } = exchange.head;
  const given = Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.get(name)]));
  return validate(schema, given, "the query");
}

/** An id that came in the path. */
export function readId(value: string | undefined, what: string): string {
  return validate(idSchema, value, what);
}

function validate<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw toInvalidRequest(parsed.error, what);
  return parsed.data;
}
