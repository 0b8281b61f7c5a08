import type { Bus } from "@ai-orchestra/bus";
import {
  memoryTurnGet,
  OrchestraError,
  type TerminalFrame,
  type TurnKey,
  type TurnResult,
} from "@ai-orchestra/contracts";
import { traceIdOf } from "@ai-orchestra/telemetry";

/** How a turn ended as the history tells it; undefined where it knows nothing, or cannot be asked now. */
export type RecallResult = (key: TurnKey, attempt: number) => Promise<TurnResult | undefined>;

/**
 * Makes a result of what the memory service remembers of a turn, for one whose own result is gone. The history does not
 * know positions, so the result is of the attempt after `attempt`, the last the viewer saw: its text starts again.
 */
export function createRecallResult({ bus }: { bus: Pick<Bus, "call"> }): RecallResult {
  return async (key, attempt) => {
    const turn = await findTurn(bus, key);
    if (turn === undefined) return undefined;
    const { owner, sessionId, turnId } = key;
    const { text, submittedAt, finishedAt } = turn;
    return {
      owner,
      sessionId,
      turnId,
      attempt: attempt + 1,
      order: 0,
      stateless: false,
      to: text.length,
      segments: text === "" ? [] : [[0, text.length]],
      frame: toTerminalFrame(key, attempt + 1, turn),
      submittedAt,
      finishedAt,
    };
  };
}

type RememberedTurn = NonNullable<Awaited<ReturnType<typeof findTurn>>>;

async function findTurn(bus: Pick<Bus, "call">, { owner, sessionId, turnId }: TurnKey) {
  try {
    return (await bus.call(memoryTurnGet, { owner, sessionId, turnId })).turn;
  } catch (thrown) {
    const error = OrchestraError.from(thrown);
    if (error.code === "unavailable" || error.code === "timeout") return undefined;
    throw error;
  }
}

/** Counts and times that were not kept are 0; the model's name is. */
function toTerminalFrame({ sessionId, turnId }: TurnKey, attempt: number, turn: RememberedTurn): TerminalFrame {
  const { status, text, model = "unknown", submittedAt, finishedAt } = turn;
  switch (status) {
    case "completed":
      return {
        type: "turn.completed",
        turnId,
        sessionId,
        attempt,
        output: { text },
        usage: { inputTokens: 0, outputTokens: 0, estimated: true },
        finishReason: "stop",
        metadata: {
          model,
          mode: "balanced",
          latencyMs: Math.max(0, finishedAt - submittedAt),
          timeToFirstTokenMs: 0,
          cached: false,
          degraded: false,
          fallbacks: [],
          agents: [],
          qualityScore: 1,
          intent: null,
          confidence: null,
          traceId: traceIdOf(),
        },
      };
    case "failed":
      return {
        type: "turn.failed",
        turnId,
        sessionId,
        code: "internal",
        message: "the turn failed; the history does not say why",
        retryable: false,
        partialText: text,
        traceId: traceIdOf(),
      };
    case "cancelled":
      return { type: "turn.cancelled", turnId, sessionId, partialText: text };
  }
}
