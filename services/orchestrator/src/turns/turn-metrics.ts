import type { Metrics } from "@ai-orchestra/telemetry";
import type { ExecutionEnd } from "./turn-execution.js";

export interface TurnMetrics {
  begin(): void;
  end(end: ExecutionEnd): void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * Counts what becomes of turns; labels are the terminal frame's type, the failure's code and the way an attempt left.
 * Times and tokens are only counted while `isDetailed`.
 */
export function createTurnMetrics(metrics: Metrics, { isDetailed }: { isDetailed: () => boolean }): TurnMetrics {
  const running = metrics.gauge({ name: "turns_running", help: "Turns this process is working on." });
  const ended = metrics.counter({
    name: "turns_ended_total",
    help: "Turns that ended here, by outcome and error code.",
    labelNames: ["outcome", "code"],
  });
  const left = metrics.counter({
    name: "turns_left_total",
    help: "Attempts that ended without a result of their own.",
    labelNames: ["reason"],
  });
  const durationSeconds = metrics.histogram({
    name: "turn_duration_seconds",
    help: "Time from a turn's submission to its result.",
    buckets: SECONDS,
  });
  const firstTokenSeconds = metrics.histogram({
    name: "turn_first_token_seconds",
    help: "Time from a turn's submission to the first piece of its answer.",
    buckets: SECONDS,
  });
  const tokens = metrics.counter({
    name: "turn_tokens_total",
    help: "Tokens of completed turns, estimated where the provider reports none.",
    labelNames: ["direction"],
  });
  return {
    begin: () => running.inc(),
    end: (end) => {
      running.dec();
      if (end.kind !== "ended") {
        left.inc({ reason: end.kind });
        return;
      }
      const { frame, submittedAt, finishedAt } = end.result;
      ended.inc({ outcome: frame.type.slice("turn.".length), code: frame.type === "turn.failed" ? frame.code : "" });
      if (!isDetailed()) return;
      durationSeconds.observe(Math.max(0, finishedAt - submittedAt) / 1_000);
      if (frame.type !== "turn.completed") return;
      const { timeToFirstTokenMs } = frame.metadata;
      if (timeToFirstTokenMs !== null) firstTokenSeconds.observe(timeToFirstTokenMs / 1_000);
      tokens.inc({ direction: "input" }, frame.usage.inputTokens);
      tokens.inc({ direction: "output" }, frame.usage.outputTokens);
    },
  };
}
