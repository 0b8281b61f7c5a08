import { type Bus, type Job, NO_REPLY } from "@ai-orchestra/bus";
import {
  OrchestraError,
  turnControl,
  type TurnControlReply,
  type TurnControlRequest,
  type TurnRequest,
  type TurnResult,
} from "@ai-orchestra/contracts";
import type { Clock, LevelWatch } from "@ai-orchestra/service-kit";
import { type Logger, traceIdOf } from "@ai-orchestra/telemetry";
import type { Answerer } from "../agents/answerer.js";
import type { GatedTurn, TurnGates } from "../gates/feature-gates.js";
import type { ModelCatalog } from "../models/model-catalog.js";
import type { CancelBoard } from "./cancel-board.js";
import type { EventLog } from "./event-log.js";
import type { LeaseKeeper } from "./lease-keeper.js";
import type { SessionInterrupter } from "./session-interrupter.js";
import type { TurnClaim } from "./turn-claim.js";
import type { TurnEvents } from "./turn-events.js";
import { buildTurnResult, type TurnOutcome } from "./turn-result.js";
import type { TurnSettlement } from "./turn-settlement.js";
import type { TurnStop } from "./turn-stop.js";

export interface TurnExecutionOptions {
  bus: Pick<Bus, "serve">;
  clock: Clock;
  logger: Logger;
  job: Job<TurnRequest>;
  modelCatalog: ModelCatalog;
  answerer: Answerer;
  cancelBoard: CancelBoard;
  eventLog: EventLog;
  leaseKeeper: LeaseKeeper;
  sessionInterrupter: SessionInterrupter;
  claimTurn: (job: Job<TurnRequest>) => Promise<TurnClaim>;
  levelWatch: Pick<LevelWatch, "level">;
  turnEvents: TurnEvents;
  turnGates: TurnGates;
  turnSettlement: TurnSettlement;
  turnStop: TurnStop;
}

type GrantedClaim = Extract<TurnClaim, { status: "granted" }>;

/** How an attempt left the turn: with the result that stands, back in the queue, or to another attempt. */
export type ExecutionEnd = { kind: "ended"; result: TurnResult } | { kind: "requeued" } | { kind: "abandoned" };

const MAX_BUSY_DELAY_MS = 1_000;
/** Deliveries after which the delay of a turn that waits for its session has doubled. */
const BUSY_DELAY_GROWS_OVER = 10;
/** A reply to `state` stays below this, in bytes of JSON; the asker comes back for the rest. */
const MAX_STATE_BYTES = 262_144;

/** One attempt of one turn, from the queue to its end. */
export class TurnExecution {
  readonly #options: TurnExecutionOptions;
  /** The system was below its normal level when the answer began. */
  #beganDegraded = false;
  /** What the gates left of the turn; undefined until its answer begins. */
  #gated: GatedTurn | undefined;

  constructor(options: TurnExecutionOptions) {
    this.#options = options;
  }

  async run(): Promise<ExecutionEnd> {
    const { bus, cancelBoard, job, leaseKeeper, claimTurn, turnStop } = this.#options;
    const control = bus.serve(turnControl(job.data), (request) => this.#answerControl(request), { queue: false });
    leaseKeeper.start();
    const unfollow = cancelBoard.follow(job.data, turnStop);
    try {
      return await this.#settleClaim(await claimTurn(job));
    } finally {
      leaseKeeper.release();
      unfollow();
      await control.stop();
    }
  }

  async #settleClaim(claim: TurnClaim): Promise<ExecutionEnd> {
    const { turnSettlement } = this.#options;
    switch (claim.status) {
      case "granted":
        return this.#runGranted(claim);
      case "ended":
        turnSettlement.announce(claim.result);
        return { kind: "ended", result: claim.result };
      case "exhausted":
        return this.#end(failed("attempts_exhausted", `the turn was given up after ${claim.starts} starts`), undefined);
      case "forgotten":
        return this.#end(failed("not_found", "the turn ended long ago and its result is no longer kept"), undefined);
      case "busy":
        return this.#waitForSession(claim);
    }
  }

  async #runGranted(claim: GrantedClaim): Promise<ExecutionEnd> {
    const { clock, job, leaseKeeper, turnStop } = this.#options;
    if (claim.fence !== undefined) leaseKeeper.adopt(claim.fence, claim.renewedAt);
    const timer = clock.setTimeout(() => turnStop.stop("timeout"), Math.max(0, job.data.deadlineAt - clock.now()));
    try {
      const outcome = await this.#answer(claim);
      if (outcome === undefined || !(await leaseKeeper.confirm())) return this.#leave();
      return await this.#end(outcome, claim);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Undefined when the attempt stopped without an outcome of its own. */
  async #answer(claim: GrantedClaim): Promise<TurnOutcome | undefined> {
    const { answerer, clock, job, levelWatch, logger, modelCatalog, turnEvents, turnGates, turnStop } = this.#options;
    const { data: request } = job;
    this.#beganDegraded = levelWatch.level !== "normal";
    if (request.deadlineAt <= clock.now()) turnStop.stop("timeout");
    try {
      turnStop.signal.throwIfAborted();
      const turn = turnGates.apply(request, claim.context);
      this.#gated = turn;
      const model = modelCatalog.resolve(turn.request.options.model, turn.request.options.mode);
      turnEvents.started({
        type: "turn.started",
        turnId: request.turnId,
        sessionId: request.sessionId,
        attempt: job.deliveryCount,
        model: model.id,
        mode: this.#mode(),
      });
      for (const feature of turn.off) turnEvents.status({ stage: "feature.off", detail: feature });
      return { kind: "completed", answer: await answerer.answer(turn, turnStop.signal) };
    } catch (error) {
      switch (turnStop.reason) {
        case "cancelled":
          return { kind: "cancelled" };
        case "timeout":
          return failed("timeout", "the turn took longer than its time limit", error);
        case "superseded":
        case "handover":
          return undefined;
        case undefined: {
          const known = OrchestraError.from(error);
          const log = known.code === "internal" ? logger.error.bind(logger) : logger.info.bind(logger);
          log({ err: error, turnId: request.turnId, code: known.code }, "the turn failed");
          return { kind: "failed", error: known };
        }
      }
    }
  }

  async #end(outcome: TurnOutcome, claim: GrantedClaim | undefined): Promise<ExecutionEnd> {
    const { clock, eventLog, job, turnEvents, turnGates, turnSettlement } = this.#options;
    const ranWithoutMemory = claim?.degraded ?? false;
    turnEvents.flush();
    const facts = {
      request: job.data,
      attempt: job.deliveryCount,
      order: job.sequence,
      fence: claim?.fence,
      mode: this.#mode(),
      degraded: ranWithoutMemory || this.#beganDegraded,
      off: this.#gated?.off ?? [],
      traceId: traceIdOf(),
      log: eventLog,
    };
    const standing = await turnSettlement.settle(buildTurnResult(outcome, facts, clock.now()), ranWithoutMemory);
    if (standing !== undefined) {
      turnGates.recordEnd(standing.frame);
      return { kind: "ended", result: standing };
    }
    job.nak(MAX_BUSY_DELAY_MS);
    return { kind: "requeued" };
  }

  /** Handed over: the queue gives the turn to somebody else at once. Superseded: silence, since the newer attempt acks. */
  async #leave(): Promise<ExecutionEnd> {
    const { job, leaseKeeper, turnStop } = this.#options;
    if (turnStop.reason === "handover") {
      await leaseKeeper.handOver();
      job.nak();
      return { kind: "requeued" };
    }
    job.abandon();
    return { kind: "abandoned" };
  }

  async #waitForSession(claim: Extract<TurnClaim, { status: "busy" }>): Promise<ExecutionEnd> {
    const { clock, job, sessionInterrupter, turnStop } = this.#options;
    const { data: request } = job;
    if (claim.holderTurnId === request.turnId) {
      job.abandon();
      return { kind: "abandoned" };
    }
    if (turnStop.reason === "cancelled") return this.#end({ kind: "cancelled" }, undefined);
    if (request.deadlineAt <= clock.now()) {
      return this.#end(failed("timeout", "the turn waited for its session longer than its time limit"), undefined);
    }
    const { owner, sessionId, options } = request;
    if (options.onBusy === "reject" && claim.reason !== "catching_up") {
      return this.#end(failed("session_busy", "the session is at work on another turn"), undefined);
    }
    if (options.onBusy === "interrupt" && claim.reason === "held" && claim.holderTurnId !== undefined) {
      await sessionInterrupter.interrupt({ owner, sessionId, turnId: claim.holderTurnId });
    }
    job.nak(Math.min(MAX_BUSY_DELAY_MS, claim.retryAfterMs * (1 + job.deliveryCount / BUSY_DELAY_GROWS_OVER)));
    return { kind: "requeued" };
  }

  #answerControl(request: TurnControlRequest): TurnControlReply | typeof NO_REPLY {
    const { eventLog, job, turnStop, turnEvents } = this.#options;
    if (request.op === "cancel") {
      turnStop.stop("cancelled");
      return { status: "cancelling" };
    }
    const attempt = job.deliveryCount;
    if (request.attempt > attempt || turnStop.reason === "superseded") return NO_REPLY;
    turnEvents.flush();
    const { events, position } = eventLog.since(request, MAX_STATE_BYTES);
    return { status: "running", attempt, position, more: position < eventLog.position, events };
  }

  #mode() {
    const { mode } = (this.#gated?.request ?? this.#options.job.data).options;
    return mode === "auto" ? "balanced" : mode;
  }
}

function failed(
  code: "attempts_exhausted" | "not_found" | "session_busy" | "timeout",
  message: string,
  cause?: unknown,
): TurnOutcome {
  return { kind: "failed", error: new OrchestraError(code, message, { cause }) };
}
