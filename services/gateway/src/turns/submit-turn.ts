import { context, SpanKind, SpanStatusCode, trace, type Context, type Span, type Tracer } from "@opentelemetry/api";
import type { WorkQueue } from "@ai-orchestra/bus";
import { turnMessageId, type Priority, type Protocol, type TurnRequest } from "@ai-orchestra/contracts";
import { traceIdOf } from "@ai-orchestra/telemetry";
import type { Principal } from "../auth/principal.js";
import type { VersionUsage } from "../versions/version-usage.js";
import { buildTurnRequest, type TurnOrder } from "./build-turn-request.js";
import type { AssertTurnsAccepted } from "./turn-admission.js";
import type { DeliverFrame, TurnViewer, ViewerEnd } from "./turn-viewer.js";
import type { PriorityOf } from "./turn-priorities.js";
import type { TurnViewers } from "./turn-viewers.js";

export interface TurnSubmission {
  readonly principal: Principal;
  readonly order: TurnOrder;
  /** What the client speaks. */
  readonly protocol: Protocol;
  /** The client within the principal, where its protocol names one. */
  readonly clientName?: string | undefined;
  /** The turn that the same connection sent before in this session and that has not ended. */
  readonly afterTurnId?: string | undefined;
  /** The trace that the turn continues. */
  readonly traceContext: Context;
  readonly deliver: DeliverFrame;
  readonly onEnd: (end: ViewerEnd) => void;
}

export interface SubmittedTurn {
  readonly sessionId: string;
  /** Holds what it hears until the caller, who has told the client of the acceptance by then, calls `attach`. */
  readonly viewer: TurnViewer;
  /** Whether the queue knew the turn already. Rejects, and the viewer has left, when the turn was not taken. */
  readonly accepted: Promise<{ duplicate: boolean }>;
}

export type SubmitTurn = (submission: TurnSubmission) => SubmittedTurn;

/**
 * Puts a turn in the queue, watching before it asks: no event of the turn is missed. The queue knows a turn id for two
 * minutes; later the orchestrator finds the turn's result and announces it, so that an id never runs twice.
 */
export function createSubmitTurn(options: {
  queue: Pick<WorkQueue<TurnRequest>, "submit">;
  assertTurnsAccepted: AssertTurnsAccepted;
  priorityOf: PriorityOf;
  viewers: TurnViewers;
  usage: Pick<VersionUsage, "count">;
  tracer: Tracer;
  now: () => number;
}): SubmitTurn {
  const { queue, assertTurnsAccepted, priorityOf, viewers, usage, tracer, now } = options;
  return ({ principal, order, protocol, clientName, afterTurnId, traceContext, deliver, onEnd }) => {
    assertTurnsAccepted();
    usage.count(protocol, clientName === undefined ? principal.clientId : `${principal.clientId}/${clientName}`);
    const request = buildTurnRequest(order, { principal, afterTurnId, nowMs: now() });
    const span = tracer.startSpan("gateway.turn", { kind: SpanKind.SERVER }, traceContext);
    const turnContext = trace.setSpan(traceContext, span);
    const { owner, sessionId, turnId } = request;
    const viewer = viewers.open({
      key: { owner, sessionId, turnId },
      deadlineAt: request.deadlineAt,
      traceId: traceIdOf(turnContext),
      deliver,
      onEnd: (end) => {
        endSpan(span, end);
        onEnd(end);
      },
    });
    const accepted = context.with(turnContext, () => enqueue(request, priorityOf(principal)));
    return { sessionId, viewer, accepted: leaveOnFailure(accepted, viewer) };
  };

  async function enqueue(request: TurnRequest, priority: Priority): Promise<{ duplicate: boolean }> {
    const messageId = turnMessageId(request);
    const { duplicate } = await queue.submit(priority, request, { messageId });
    return { duplicate };
  }
}

async function leaveOnFailure<T>(accepted: Promise<T>, viewer: TurnViewer): Promise<T> {
  try {
    return await accepted;
  } catch (error) {
    viewer.leave();
    throw error;
  }
}

function endSpan(span: Span, end: ViewerEnd): void {
  if (!span.isRecording()) return;
  const outcome = end.kind === "terminal" ? end.frame.type : end.kind;
  span.setAttribute("orchestra.turn.outcome", outcome);
  if (outcome === "turn.failed" || outcome === "lost") span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
