import { connectBus, openCancels, openTurnQueue, openTurnResults, type Bus, type Job } from "@ai-orchestra/bus";
import {
  cancelKey,
  orchestratorModelsList,
  subjects,
  turnControl,
  type TerminalFrame,
  type TurnEvent,
  type TurnRequest,
  type TurnResult,
} from "@ai-orchestra/contracts";

/** What a turn does; the script drives the turn it is given. */
export type TurnScript = (turn: ScriptedTurn) => Promise<void> | void;

/** One attempt of a turn, told what to publish and what to keep to itself. */
export class ScriptedTurn {
  readonly request: TurnRequest;
  readonly attempt: number;
  readonly log: TurnEvent[] = [];
  readonly stateRequests: { attempt: number; position: number }[] = [];
  readonly cancelled: Promise<void>;
  text = "";
  position = 0;
  /** How the turn ends; completed unless the script says otherwise. */
  ending: TerminalFrame | undefined;
  /** While true events are logged but not published, as if the network had lost them. */
  muted = false;
  readonly #bus: Bus;
  readonly #order: number;
  readonly #segments: [number, number][] = [];
  #cancel: () => void = () => undefined;

  constructor(bus: Bus, request: TurnRequest, attempt: number, order: number) {
    this.#bus = bus;
    this.request = request;
    this.attempt = attempt;
    this.#order = order;
    this.cancelled = new Promise((resolve) => {
      this.#cancel = resolve;
    });
  }

  noteCancel(): void {
    this.#cancel();
  }

  started(): void {
    const { turnId, sessionId } = this.request;
    this.publish({
      type: "turn.started",
      turnId,
      sessionId,
      attempt: this.attempt,
      model: "test/scripted",
      mode: "auto",
    });
  }

  delta(text: string): void {
    const from = this.position;
    this.position += text.length;
    this.text += text;
    this.#segments.push([from, this.position]);
    this.publish({
      type: "turn.delta",
      turnId: this.request.turnId,
      attempt: this.attempt,
      from,
      to: this.position,
      text,
    });
  }

  status(stage: string): void {
    const from = this.position;
    this.position += 1;
    this.publish({
      type: "turn.status",
      turnId: this.request.turnId,
      attempt: this.attempt,
      from,
      to: this.position,
      stage,
    });
  }

  publish(event: TurnEvent): void {
    this.log.push(event);
    if (!this.muted) this.#bus.publish(subjects.turnEvents(this.request), event);
  }

  /** Resolves when the server has what was published. */
  async flush(): Promise<void> {
    await this.#bus.flush();
  }

  completedFrame(): TerminalFrame {
    const { turnId, sessionId } = this.request;
    return {
      type: "turn.completed",
      turnId,
      sessionId,
      attempt: this.attempt,
      output: { text: this.text },
      usage: { inputTokens: 1, outputTokens: 1, estimated: true },
      finishReason: "stop",
      metadata: {
        model: "test/scripted",
        mode: "auto",
        latencyMs: 1,
        timeToFirstTokenMs: 1,
        cached: false,
        degraded: false,
        fallbacks: [],
        agents: [],
        qualityScore: 1,
        intent: null,
        confidence: null,
        traceId: "0".repeat(32),
      },
    };
  }

  cancelledFrame(): TerminalFrame {
    const { turnId, sessionId } = this.request;
    return { type: "turn.cancelled", turnId, sessionId, partialText: this.text };
  }

  result(frame: TerminalFrame): TurnResult {
    const { owner, sessionId, turnId, submittedAt, stateless } = this.request;
    return {
      owner,
      sessionId,
      turnId,
      attempt: this.attempt,
      order: this.#order,
      stateless,
      to: this.position,
      segments: this.#segments,
      frame,
      submittedAt,
      finishedAt: Date.now(),
    };
  }

  /** Answers `state` the way a producer does. */
  reply(attempt: number, position: number) {
    const events = this.log.filter((event) => {
      if (event.type === "turn.result") return false;
      if (attempt < this.attempt) return true;
      return event.type !== "turn.started" && event.to > position;
    });
    return { status: "running" as const, attempt: this.attempt, position: this.position, more: false, events };
  }
}

export interface ScriptedOrchestrator {
  /** Every attempt that ran, oldest first. */
  readonly turns: ScriptedTurn[];
  /** What the script does with the next turns. */
  script: TurnScript;
  readonly bus: Bus;
  stop(): Promise<void>;
}

/**
 * Plays an orchestrator over the real bus: pulls turns, lets the script publish, answers `state` and `cancel`, stores
 * the result that the script ended with, announces it and acknowledges. A script that throws leaves the turn unacked
 * and silent, as a crash would.
 */
export async function startScriptedOrchestrator(natsUrl: string, script: TurnScript): Promise<ScriptedOrchestrator> {
  const bus = await connectBus({ servers: [natsUrl], name: "scripted-orchestrator" });
  const queue = await openTurnQueue(bus);
  const results = await openTurnResults(bus);
  const cancels = await openCancels(bus);
  const orchestrator: ScriptedOrchestrator = { turns: [], script, bus, stop };
  const models = bus.serve(orchestratorModelsList, () => ({ models: [] }));
  const consumption = queue.consume(run, { slots: 64 });

  async function run(job: Job<TurnRequest>): Promise<void> {
    const key = job.data;
    const before = await results.get(subjects.turnResult(key));
    if (before !== undefined) {
      bus.publish(subjects.turnEvents(key), { type: "turn.result", result: before.value });
      job.ack();
      return;
    }
    const turn = new ScriptedTurn(bus, job.data, job.deliveryCount, job.sequence);
    orchestrator.turns.push(turn);
    const control = bus.serve(
      turnControl(key),
      (request) => {
        if (request.op === "cancel") {
          turn.noteCancel();
          return { status: "cancelling" as const };
        }
        turn.stateRequests.push({ attempt: request.attempt, position: request.position });
        return turn.reply(request.attempt, request.position);
      },
      { queue: false },
    );
    if ((await cancels.get(cancelKey(key))) !== undefined) turn.noteCancel();
    const working = setInterval(() => job.working(), 1_500);
    try {
      await orchestrator.script(turn);
      const result = turn.result(turn.ending ?? turn.completedFrame());
      await results.put(subjects.turnResult(key), result);
      turn.publish({ type: "turn.result", result });
      job.ack();
    } finally {
      clearInterval(working);
      await control.stop();
    }
  }

  async function stop(): Promise<void> {
    await models.stop();
    await consumption.stop();
    await bus.drain();
  }
  return orchestrator;
}
