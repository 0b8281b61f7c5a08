import { OrchestraError } from "@ai-orchestra/contracts";

/** A cursor is opaque to clients: whole numbers that say where a page ended. */
export function encodeCursor(...numbers: readonly number[]): string {
  return Buffer.from(numbers.join(".")).toString("base64url");
}

/** @throws OrchestraError `invalid_request` when `cursor` is not one of `count` numbers. */
export function decodeCursor(cursor: string, count: number): number[] {
  const parts = Buffer.from(cursor, "base64url").toString("latin1").split(".");
  if (parts.length !== count || !parts.every((part) => /^\d{1,15}$/.test(part))) {
    throw new OrchestraError("invalid_request", "cursor is not one of ours", {
      details: [{ path: "cursor", message: "must be the nextCursor of a page" }],
    });
  }
  return parts.map(Number);
}
