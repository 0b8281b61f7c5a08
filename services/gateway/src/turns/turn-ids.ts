import { createHash, randomUUID } from "node:crypto";

/** The session of a turn that names none: the same for every resend of the turn, on every gateway. */
export function deriveSessionId(turnId: string): string {
  return `s-${createHash("sha256").update(turnId).digest("hex").slice(0, 32)}`;
}

/** A turn id for a request that brings none. Such a request cannot be repeated safely. */
export function createTurnId(): string {
  return `t-${randomUUID()}`;
}
