import type { Logger } from "@ai-orchestra/telemetry";
import type { Clock } from "../clock.js";
import type { Component } from "../component.js";
import { settleWithin } from "./settle-within.js";

export type ComponentStatus = "waiting" | "starting" | "started" | "stopping" | "stopped" | "failed";

export interface ComponentRunnerOptions {
  components: readonly Component[];
  logger: Logger;
  clock: Clock;
}

/** Kept back for each component that still has to stop while another one takes its time, in milliseconds. */
const STOP_RESERVE_MS = 200;

/** Starts components in order and stops them in reverse order. */
export class ComponentRunner {
  readonly #components: readonly Component[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #statuses = new Map<string, ComponentStatus>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ components, logger, clock }: ComponentRunnerOptions) {
    this.#components = components;
    this.#logger = logger;
    this.#clock = clock;
    for (const { name } of components) {
      if (this.#statuses.has(name)) throw new Error(`two components are called "${name}"`);
      this.#statuses.set(name, "waiting");
    }
  }

  get components(): readonly Component[] {
    return this.#components;
  }

  /** The status of each component, by name, in start order. */
  get statuses(): ReadonlyMap<string, ComponentStatus> {
    return this.#statuses;
  }

  /**
   * Starts one component after the other. A second call shares the first one's promise. Ends early, without error, when
   * `stop` is called meanwhile.
   *
   * @throws Error naming the component that failed, or that was not done at `deadlineAt` (epoch ms).
   */
  start(o: { deadlineAt: number }): Promise<void> {
    this.#starting ??= this.#startAll(o.deadlineAt);
    return this.#starting;
  }

  /**
   * Stops what was started, or was about to be, in reverse order. A component that throws or hangs is logged and left
   * behind: the next one still gets its turn, and some of the time. A second call shares the first one's promise. Never
   * rejects.
   */
  stop(o: { deadlineAt: number }): Promise<void> {
    this.#stopping ??= this.#stopAll(o.deadlineAt);
    return this.#stopping;
  }

  async #startAll(deadlineAt: number): Promise<void> {
    for (const component of this.#components) {
      if (this.#stopping !== undefined) return;
      await this.#startOne(component, deadlineAt);
    }
  }

  async #startOne(component: Component, deadlineAt: number): Promise<void> {
    const { name } = component;
    this.#statuses.set(name, "starting");
    const outcome = await settleWithin(() => component.start?.(), deadlineAt - this.#clock.now(), this.#clock);
    if (this.#stopping !== undefined) return;
    if (outcome.status === "done") {
      this.#statuses.set(name, "started");
      return;
    }
    this.#statuses.set(name, "failed");
    if (outcome.status === "late") throw new Error(`component "${name}" did not start in time`);
    throw new Error(`component "${name}" failed to start`, { cause: outcome.error });
  }

  async #stopAll(deadlineAt: number): Promise<void> {
    const running = this.#components.filter(({ name }) => this.#statuses.get(name) !== "waiting").reverse();
    for (const [index, component] of running.entries()) {
      const reserveMs = Math.min(STOP_RESERVE_MS * (running.length - index - 1), (deadlineAt - this.#clock.now()) / 2);
      await this.#stopOne(component, deadlineAt - Math.max(0, reserveMs));
    }
  }

  async #stopOne(component: Component, deadlineAt: number): Promise<void> {
    const { name } = component;
    this.#statuses.set(name, "stopping");
    const outcome = await settleWithin(
      () => component.stop?.({ deadlineAt }),
      deadlineAt - this.#clock.now(),
      this.#clock,
    );
    this.#statuses.set(name, outcome.status === "done" ? "stopped" : "failed");
    if (outcome.status === "late")
      this.#logger.error({ component: name }, "component did not stop in time, leaving it behind");
    if (outcome.status === "failed")
      this.#logger.error({ component: name, err: outcome.error }, "component failed to stop");
  }
}
