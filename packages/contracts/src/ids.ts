import { z } from "zod";

/** What an id may look like wherever it becomes part of a bus subject or a Redis key. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export const idSchema = z
  .string()
  .regex(ID_PATTERN, "must be 1 to 64 characters of A-Z, a-z, 0-9, _ or -")
  .describe("A turn, session, connection or client-chosen id: 1 to 64 characters of `A-Z a-z 0-9 _ -`.");

/** 16 lower-case hex digits of a hash of the authenticated client id; the namespace of everything a client owns. */
export const ownerSchema = z.string().regex(/^[0-9a-f]{16}$/, "must be 16 hex digits");

export type Owner = z.infer<typeof ownerSchema>;
