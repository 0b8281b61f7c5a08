import { z } from "zod";
import { idSchema } from "../ids.js";

const cursorSchema = z
  .string()
  .max(256)
  .optional()
  .describe("The `nextCursor` of the page before; absent for the first.");

const limitSchema = (max: number) =>
  z.coerce.number<string>().int().min(1).max(max).default(50).describe("Items of one page.");

/** The query of `GET /v2/sessions`. */
export const sessionsQuerySchema = z.object({ cursor: cursorSchema, limit: limitSchema(100) });

/** The query of `GET /v2/sessions/{id}/messages`. */
export const messagesQuerySchema = z.object({ cursor: cursorSchema, limit: limitSchema(200) });

/** The query of the routes under `/v2/turns/{id}`. */
export const turnQuerySchema = z.object({
  sessionId: idSchema.optional().describe("The turn's session; derived from the turn id when absent."),
});
