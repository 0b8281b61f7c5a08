import type { Consumption, Job, WorkQueue } from "@ai-orchestra/bus";
import { cancelKey, type TurnRequest } from "@ai-orchestra/contracts";
import type { Clock, Component } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { ExecutionEnd, TurnExecution } from "./turn-execution.js";
import type { TurnMetrics } from "./turn-metrics.js";
import type { TurnStop } from "./turn-stop.js";

export interface TurnWorkerOptions {
  turnQueue: WorkQueue<TurnRequest>;
  /** Builds the scope of one turn. */
  openTurn: (job: Job<TurnRequest>) => { execution: TurnExecution; turnStop: TurnStop };
  clock: Clock;
  logger: Logger;
  turnMetrics: TurnMetrics;
  /** Turns that run at the same time in this process. */
  slots: number;
  /** How long before the shutdown deadline unfinished turns are handed to another orchestrator, in milliseconds. */
  handoverMarginMs: number;
}

interface RunningTurn {
  readonly turnStop: TurnStop;
  /** Rejects as the attempt does. */
  readonly ended: Promise<void>;
}

/** Pulls turns while slots are free and runs each in a scope of its own. */
export class TurnWorker implements Component {
  readonly name = "turn-worker";
  readonly #options: TurnWorkerOptions;
  /** The newest attempt of each turn that runs here. */
  readonly #running = new Map<string, RunningTurn>();
  #consumption: Consumption | undefined;

  constructor(options: TurnWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    const { turnQueue, slots } = this.#options;
    this.#consumption ??= turnQueue.consume((job) => this.#runTurn(job), { slots });
  }

  /** Lets running turns end until shortly before the deadline, then hands the rest over. */
  async stop({ deadlineAt }: { deadlineAt: number }): Promise<void> {
    const { clock, handoverMarginMs } = this.#options;
    const stopped = this.#consumption?.stop();
    const handover = clock.setTimeout(
      () => {
        for (const { turnStop } of this.#running.values()) turnStop.stop("handover");
      },
      Math.max(0, deadlineAt - handoverMarginMs - clock.now()),
    );
    await stopped;
    clock.clearTimeout(handover);
  }

  /**
   * A process that was paused may be given its own turn again. The attempt before ends first, with the result it may be
   * storing or without one, so that no viewer sees a new attempt begin and the old one end the turn.
   */
  async #runTurn(job: Job<TurnRequest>): Promise<void> {
    const key = cancelKey(job.data);
    const before = this.#running.get(key);
    before?.turnStop.stop("superseded");
    const { execution, turnStop } = this.#options.openTurn(job);
    const turn: RunningTurn = { turnStop, ended: this.#runAfter(before, execution) };
    this.#running.set(key, turn);
    try {
      await turn.ended;
    } finally {
      if (this.#running.get(key) === turn) this.#running.delete(key);
    }
  }

  async #runAfter(before: RunningTurn | undefined, execution: TurnExecution): Promise<void> {
    const { logger, turnMetrics } = this.#options;
    await before?.ended.catch(() => undefined);
    turnMetrics.begin();
    let end: ExecutionEnd = { kind: "abandoned" };
    try {
      end = await execution.run();
    } finally {
      turnMetrics.end(end);
    }
    if (end.kind === "ended") {
      const { turnId, sessionId, owner, attempt, frame } = end.result;
      logger.info({ turnId, sessionId, owner, attempt, outcome: frame.type }, "the turn ended");
    }
  }
}
