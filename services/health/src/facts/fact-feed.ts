import type { Bus, BusSubscription } from "@ai-orchestra/bus";
import { heartbeatSchema, subjects } from "@ai-orchestra/contracts";
import type { Component } from "@ai-orchestra/service-kit";
import type { InstanceBoard } from "./instance-board.js";

/**
 * Brings the facts that services push: heartbeats, with the circuits that are open in them. A circuit's own events are
 * for dashboards; the next heartbeat, at most a second later, says the same and cannot be missed for long.
 */
export class FactFeed implements Component {
  readonly name = "fact-feed";
  readonly #bus: Bus;
  readonly #board: InstanceBoard;
  #subscription: BusSubscription | undefined;

  constructor({ bus, board }: { bus: Bus; board: InstanceBoard }) {
    this.#bus = bus;
    this.#board = board;
  }

  start(): void {
    this.#subscription ??= this.#bus.subscribe(subjects.allHeartbeats, (message) => {
      const beat = heartbeatSchema.safeParse(message.json());
      if (beat.success) this.#board.note(beat.data);
    });
  }

  stop(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }
}
