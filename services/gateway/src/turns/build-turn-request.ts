import { LIMITS, type ChatRequestV2, type Sampling, type TurnRequest } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import { deriveSessionId } from "./turn-ids.js";

/** What a client asked for, in whichever protocol: validated, with its turn id, and not yet resolved. */
export interface TurnOrder extends ChatRequestV2 {
  readonly turnId: string;
  readonly sampling?: Sampling | undefined;
}

/** Resolves every option of a turn; the deadline counts from `nowMs`. */
export function buildTurnRequest(
  order: TurnOrder,
  { principal, afterTurnId, nowMs }: { principal: Principal; afterTurnId?: string | undefined; nowMs: number },
): TurnRequest {
  const { turnId, sessionId = deriveSessionId(turnId), input, options = {}, metadata } = order;
  return {
    owner: principal.owner,
    sessionId,
    turnId,
    afterTurnId,
    stateless: "messages" in input,
    input,
    options: {
      model: options.model,
      mode: options.mode ?? "auto",
      agents: options.agents ?? [],
      useMemory: options.useMemory ?? true,
      temperature: options.temperature,
      maxTokens: options.maxTokens,
      sampling: order.sampling,
      tools: options.tools,
      cache: options.cache,
      onBusy: options.onBusy ?? "enqueue",
    },
    metadata,
    audience: { tier: principal.tier, groups: [...principal.groups] },
    submittedAt: nowMs,
    deadlineAt: nowMs + (options.timeoutMs ?? LIMITS.defaultTurnTimeoutMs),
  };
}
