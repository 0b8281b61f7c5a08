import type { Bus, ServedCall } from "@ai-orchestra/bus";
import {
  healthDegradationPin,
  healthDegradationUnpin,
  healthOverviewGet,
  OrchestraError,
  type DegradationPin,
  type SystemState,
} from "@ai-orchestra/contracts";
import type { Clock, Component } from "@ai-orchestra/service-kit";
import type { SystemRecord } from "../degradation/system-record.js";
import type { DescribeHealth } from "./describe-health.js";

/** A leader that died is followed within this; then the pin is in force. */
const IN_FORCE_TIMEOUT_MS = 7_000;

/** Answers the calls of `health.*`; any instance can, since pins reach the leader through the bucket. */
export class HealthCalls implements Component {
  readonly name = "health-calls";
  readonly endpoints = [healthOverviewGet, healthDegradationPin, healthDegradationUnpin].map(({ subject }) => subject);
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #record: SystemRecord;
  readonly #describeHealth: DescribeHealth;
  #served: ServedCall[] = [];

  constructor(options: { bus: Bus; clock: Clock; record: SystemRecord; describeHealth: DescribeHealth }) {
    this.#bus = options.bus;
    this.#clock = options.clock;
    this.#record = options.record;
    this.#describeHealth = options.describeHealth;
  }

  start(): void {
    if (this.#served.length > 0) return;
    this.#served = [
      this.#bus.serve(healthOverviewGet, () => this.#describeHealth(), { queue: "health" }),
      this.#bus.serve(
        healthDegradationPin,
        async ({ level, reason, by, ttlMs }) => {
          const at = this.#clock.now();
          const pin: DegradationPin = { level, reason, by, at, ...(ttlMs === undefined ? {} : { until: at + ttlMs }) };
          await this.#record.pin(pin);
          return this.#untilInForce(({ pinned }) => pinned?.at === at && pinned.level === level);
        },
        { queue: "health" },
      ),
      this.#bus.serve(
        healthDegradationUnpin,
        async () => {
          await this.#record.unpin();
          return this.#untilInForce(({ pinned }) => pinned === undefined);
        },
        { queue: "health" },
      ),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#served.map((served) => served.stop()));
  }

  /** Rejects with `timeout` when no leader has taken it up in time; it is stored and will be. */
  #untilInForce(isInForce: (state: SystemState) => boolean): Promise<SystemState> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const { state } = this.#record;
        if (state === undefined || !isInForce(state)) return;
        finish();
        resolve(state);
      };
      const timer = this.#clock.setTimeout(() => {
        finish();
        reject(new OrchestraError("timeout", "the level is stored, but no health instance has put it in force yet"));
      }, IN_FORCE_TIMEOUT_MS);
      const unlisten = this.#record.onChange(check);
      const finish = (): void => {
        unlisten();
        this.#clock.clearTimeout(timer);
      };
      check();
    });
  }
}
