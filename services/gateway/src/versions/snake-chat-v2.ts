import type { SnakeChatRequestV2 } from "@ai-orchestra/contracts";
import type { TurnOrder } from "../turns/build-turn-request.js";
import { createTurnId } from "../turns/turn-ids.js";
import { keepPlainFacts } from "./plain-facts.js";

/** The agents of each team that a client knows by name. */
const TEAMS: Readonly<Record<string, readonly string[]>> = {
  none: [],
  research: ["researcher", "analyst"],
  analysis: ["analyst", "critic"],
  coding: ["planner", "coder", "critic"],
  writing: ["researcher", "writer"],
};
/** Who answers for a team that is not known here. */
const GENERAL_TEAM = ["researcher", "analyst", "critic"];

/** The turn that a V2 request in V1's style of names asks for. */
export function orderOfSnakeChat(request: SnakeChatRequestV2): TurnOrder {
  const { session_id, optimization_mode, swarm_type, use_memory, max_response_tokens, temperature } = request;
  return {
    turnId: createTurnId(),
    sessionId: session_id ?? undefined,
    input: { text: request.message },
    options: {
      mode: optimization_mode ?? undefined,
      agents: agentsOf(swarm_type),
      useMemory: use_memory ?? undefined,
      maxTokens: max_response_tokens ?? undefined,
      temperature: temperature ?? undefined,
    },
    metadata: keepPlainFacts({ ...request.user_context, ...request.metadata }),
  };
}

function agentsOf(team: string | null | undefined): string[] | undefined {
  if (team === null || team === undefined) return undefined;
  return [...(TEAMS[team] ?? GENERAL_TEAM)];
}
