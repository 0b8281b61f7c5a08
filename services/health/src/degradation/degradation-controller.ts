import type { SystemState } from "@ai-orchestra/contracts";
import {
  createDegradationState,
  featuresOffAt,
  reduceDegradation,
  type DegradationState,
  type DegradationTiming,
} from "@ai-orchestra/resilience";
import type { Clock, Component, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { HealthBoard } from "../components/health-board.js";
import type { HealthMetrics } from "../health-metrics.js";
import type { Leadership } from "./leadership.js";
import type { SystemRecord } from "./system-record.js";

export interface DegradationControllerOptions {
  healthBoard: Pick<HealthBoard, "score">;
  leadership: Pick<Leadership, "start" | "stop" | "tick" | "isLeader">;
  record: Pick<SystemRecord, "start" | "stop" | "state" | "pinAt" | "write" | "onChange">;
  clock: Clock;
  logger: Logger;
  metrics: HealthMetrics;
  timing: DegradationTiming;
  /** How often the score is looked at. Default 500 ms. */
  tickMs?: number;
}

const TICK_MS = 500;
/** A score that moved less than this is not worth a message to everybody. */
const SCORE_STEP = 0.01;

/**
 * Decides the degradation level. Every instance follows the score, so that whichever leads next knows what happened;
 * only the leader writes. A new leader goes on from the level that is in force.
 */
export class DegradationController implements Component {
  readonly name = "degradation-controller";
  readonly #options: DegradationControllerOptions;
  #degradation: DegradationState;
  #led = false;
  #timer: Timer | undefined;
  #unlisten: (() => void) | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: DegradationControllerOptions) {
    this.#options = options;
    this.#degradation = createDegradationState(options.clock.monotonicMs());
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    const { clock, leadership, record, tickMs = TICK_MS } = this.#options;
    this.#timer = clock.setInterval(() => void this.tick(), tickMs);
    await Promise.all([record.start(), leadership.start()]);
    this.#adoptLevel();
    this.#unlisten = record.onChange(() => void this.tick());
    await this.tick();
  }

  async stop(): Promise<void> {
    this.#options.clock.clearInterval(this.#timer);
    this.#unlisten?.();
    await this.#writing;
    await this.#options.leadership.stop();
    this.#options.record.stop();
  }

  /** The state as this instance would write it. */
  get state(): SystemState {
    const { clock, healthBoard, record } = this.#options;
    const { score, reasons } = healthBoard.score();
    const pinned = record.pinAt(clock.now());
    const level = pinned?.level ?? this.#degradation.automaticLevel;
    const before = record.state;
    return {
      level,
      automaticLevel: this.#degradation.automaticLevel,
      ...(pinned === undefined ? {} : { pinned }),
      since: before?.level === level ? before.since : clock.now(),
      score: Math.round(score * 1_000) / 1_000,
      off: [...featuresOffAt(level)],
      reasons: reasons.map(({ component, deduction }) => `${component} (-${deduction.toFixed(2)})`),
    };
  }

  /** Looks at the score, and writes what changed where this instance leads. Never rejects. */
  async tick(): Promise<void> {
    const { clock, healthBoard, leadership, logger, metrics, timing } = this.#options;
    try {
      const { score } = healthBoard.score();
      const event = { kind: "score", score, atMs: clock.monotonicMs() } as const;
      this.#degradation = reduceDegradation(this.#degradation, event, timing);
      await leadership.tick();
      if (leadership.isLeader && !this.#led) this.#adoptLevel();
      this.#led = leadership.isLeader;
      metrics.observe(this.state, this.#led);
      if (this.#led) await this.#writeChange();
    } catch (error) {
      logger.warn({ err: error }, "the degradation level could not be written; it is tried again");
    }
  }

  /** What is in force counts, whatever this instance made of the score before it led. */
  #adoptLevel(): void {
    const inForce = this.#options.record.state;
    if (inForce === undefined || inForce.automaticLevel === this.#degradation.automaticLevel) return;
    const changedAtMs = this.#options.clock.monotonicMs();
    this.#degradation = { ...this.#degradation, automaticLevel: inForce.automaticLevel, changedAtMs };
  }

  async #writeChange(): Promise<void> {
    if (this.#writing !== undefined) return;
    const { logger, metrics, record } = this.#options;
    const before = record.state;
    const next = this.state;
    if (before !== undefined && !differs(before, next)) return;
    this.#writing = record.write(next).finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
    if (before?.level === next.level) return;
    metrics.countLevelChange(next.level);
    const { level, score, reasons, pinned } = next;
    logger.warn(
      { level, from: before?.level, score, reasons, pinned: pinned?.reason },
      "the degradation level changed",
    );
  }
}

function differs(before: SystemState, next: SystemState): boolean {
  return (
    before.level !== next.level ||
    before.automaticLevel !== next.automaticLevel ||
    before.pinned?.at !== next.pinned?.at ||
    Math.abs(before.score - next.score) >= SCORE_STEP ||
    before.reasons.join() !== next.reasons.join()
  );
}
