import type { Counter, Metrics } from "@ai-orchestra/telemetry";
import type { LeaseOutcome } from "./connections/connection-leases.js";
import type { ConnectionRegistry } from "./connections/connection-registry.js";
import type { CatchUpTrigger } from "./turns/catch-up.js";
import type { ViewerEnd } from "./turns/turn-viewer.js";

/** The limits that a client can meet. */
export type LimitName =
  | "connections"
  | "new_connections"
  | "client_connections"
  | "messages"
  | "message_bytes"
  | "turns_in_flight"
  | "attached_sessions"
  | "requests_in_flight"
  | "failed_tokens";

/** The gateway's own metrics. */
export class GatewayMetrics {
  readonly #framesOut: Counter<never>;
  readonly #framesIn: Counter<"type">;
  readonly #turnsAccepted: Counter<"transport">;
  readonly #turnsEnded: Counter<"outcome">;
  readonly #catchUps: Counter<"trigger">;
  readonly #closes: Counter<"code">;
  readonly #limits: Counter<"limit">;
  readonly #leases: Counter<"outcome">;

  constructor({
    metrics,
    registry,
    viewers,
    feeds,
  }: {
    metrics: Metrics;
    registry: ConnectionRegistry;
    viewers: () => number;
    feeds: () => number;
  }) {
    this.#framesIn = metrics.counter({
      name: "gateway_frames_in_total",
      help: "Client frames by type; refused ones under `refused`.",
      labelNames: ["type"],
    });
    this.#framesOut = metrics.counter({
      name: "gateway_frames_out_total",
      help: "Frames written to WebSocket clients.",
    });
    this.#turnsAccepted = metrics.counter({
      name: "gateway_turns_accepted_total",
      help: "Turns taken by the queue.",
      labelNames: ["transport"],
    });
    this.#turnsEnded = metrics.counter({
      name: "gateway_turns_ended_total",
      help: "Viewers that ended, by the turn's terminal frame, or lost, or left.",
      labelNames: ["outcome"],
    });
    this.#catchUps = metrics.counter({
      name: "gateway_catch_ups_total",
      help: "Questions to producers for what a viewer misses, by trigger.",
      labelNames: ["trigger"],
    });
    this.#closes = metrics.counter({
      name: "gateway_closes_total",
      help: "Closed WebSocket connections by close code.",
      labelNames: ["code"],
    });
    this.#limits = metrics.counter({
      name: "gateway_limit_refusals_total",
      help: "What clients were refused, by the limit that they met.",
      labelNames: ["limit"],
    });
    this.#leases = metrics.counter({
      name: "gateway_connection_leases_total",
      help: "Places of clients for connections, by outcome; locally: counted on this node, memory was away.",
      labelNames: ["outcome"],
    });
    metrics.gauge({
      name: "gateway_connections",
      help: "Open WebSocket connections.",
      collect: (gauge) => gauge.set(registry.size),
    });
    metrics.gauge({
      name: "gateway_viewers",
      help: "Turns being watched by clients.",
      collect: (gauge) => gauge.set(viewers()),
    });
    metrics.gauge({
      name: "gateway_session_feeds",
      help: "Sessions whose events are subscribed to.",
      collect: (gauge) => gauge.set(feeds()),
    });
    metrics.gauge({
      name: "gateway_buffered_bytes",
      help: "Bytes that wait for WebSocket clients to read.",
      collect: (gauge) => {
        let bytes = 0;
        for (const connection of registry.list()) bytes += connection.bufferedBytes;
        gauge.set(bytes);
      },
    });
  }

  /** Called once for all frames of a write, not once a frame. */
  countFramesOut(frames: number): void {
    this.#framesOut.inc(frames);
  }

  countFrameIn(type: string): void {
    this.#framesIn.inc({ type });
  }

  countTurnAccepted(transport: "websocket" | "http"): void {
    this.#turnsAccepted.inc({ transport });
  }

  countTurnEnded(end: ViewerEnd): void {
    this.#turnsEnded.inc({ outcome: end.kind === "terminal" ? end.frame.type : end.kind });
  }

  countCatchUp(trigger: CatchUpTrigger): void {
    this.#catchUps.inc({ trigger });
  }

  countLimit(limit: LimitName): void {
    this.#limits.inc({ limit });
  }

  countLease(outcome: LeaseOutcome): void {
    this.#leases.inc({ outcome });
  }

  countClose(code: number): void {
    this.#closes.inc({ code: String(code) });
  }
}
