import { idSchema, OrchestraError, toInvalidRequest } from "@ai-orchestra/contracts";
import type { z } from "zod";
import type { HttpExchange } from "./http-exchange.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads and validates a JSON body. Rejects with `invalid_request` or `too_large`, never quoting the body. */
export async function readJsonBody<Schema extends z.ZodType>(
  exchange: HttpExchange,
  schema: Schema,
): Promise<z.output<Schema>> {
  const bytes = await exchange.body;
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new OrchestraError("invalid_request", "the body is not JSON", { cause });
  }
  return validate(schema, value, "the body");
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
