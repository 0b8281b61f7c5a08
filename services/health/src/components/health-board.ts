import type { ComponentReport, InstanceReport, OpenBreaker } from "@ai-orchestra/contracts";
import { scoreComponents, type HealthScore } from "@ai-orchestra/resilience";
import type { Clock } from "@ai-orchestra/service-kit";
import type { InstanceBoard } from "../facts/instance-board.js";
import type { ServiceDirectory } from "../facts/service-directory.js";
import { assessComponents } from "./assess-components.js";

export interface HealthBoardOptions {
  board: InstanceBoard;
  directory: Pick<ServiceDirectory, "list">;
  clock: Clock;
  expectedServices: readonly string[];
  startGraceMs: number;
}

/** The state of the whole, computed anew from the facts whenever it is asked for. */
export class HealthBoard {
  readonly #options: HealthBoardOptions;
  readonly #startedAtMs: number;

  constructor(options: HealthBoardOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.monotonicMs();
  }

  components(): ComponentReport[] {
    const { board, clock, expectedServices, startGraceMs } = this.#options;
    return assessComponents({
      instances: board.list(),
      expectedServices,
      wasSeen: (service) => board.wasSeen(service),
      isStarting: clock.monotonicMs() - this.#startedAtMs < startGraceMs,
    });
  }

  score(): HealthScore {
    return scoreComponents(this.components().map(({ score, ...component }) => ({ ...component, health: score })));
  }

  /** Everybody who beats, and whoever is only in the service directory. */
  instances(): InstanceReport[] {
    const listed = new Map(
      this.#options.directory.list().map((entry) => [`${entry.service}.${entry.instance}`, entry]),
    );
    const seen = this.#options.board.list().map(({ beat, state, seenAt }): InstanceReport => {
      const key = `${beat.service}.${beat.instance}`;
      const endpoints = [...(listed.get(key)?.endpoints ?? [])];
      listed.delete(key);
      const { service, instance, version, opsUrl } = beat;
      return { service, instance, version, status: state, opsUrl, seenAt, endpoints };
    });
    const silent = [...listed.values()].map(({ endpoints, ...entry }): InstanceReport => ({
      ...entry,
      status: "silent",
      endpoints: [...endpoints],
    }));
    return [...seen, ...silent];
  }

  breakers(): OpenBreaker[] {
    return this.#options.board
      .list()
      .filter(({ state }) => state !== "lost")
      .flatMap(({ beat: { service, instance, breakers = {} } }) =>
        Object.entries(breakers).map(([breaker, state]) => ({ service, instance, breaker, state })),
      );
  }
}
