import { createHash } from "node:crypto";
import type { TurnOrder } from "../turns/build-turn-request.js";
import { createTurnId } from "../turns/turn-ids.js";
import { keepPlainFacts } from "./plain-facts.js";

/** A chat of a V1 client, whichever way it came. */
export interface V1Chat {
  readonly text: string;
  /** 1 to 100 characters, of any kind. */
  readonly sessionId: string;
  readonly clientName: string | undefined;
  readonly attachments: Readonly<Record<string, unknown>>;
}

/** The turn that a V1 chat asks for: balanced, one model, no memory. Its client cannot resume, so it ends with the connection. */
export function orderOfV1Chat({ text, sessionId, clientName, attachments }: V1Chat): TurnOrder {
  return {
    turnId: createTurnId(),
    sessionId: deriveV1SessionId(sessionId, clientName),
    input: { text },
    options: { mode: "balanced", agents: [], useMemory: false, onDisconnect: "cancel" },
    metadata: keepPlainFacts(attachments),
  };
}

/** V1 names sessions freely, and two of its clients may share a name: each gets a session of its own that fits V2's ids. */
function deriveV1SessionId(sessionId: string, clientName = ""): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([clientName, sessionId]))
    .digest("hex");
  return `v1-${digest.slice(0, 32)}`;
}
