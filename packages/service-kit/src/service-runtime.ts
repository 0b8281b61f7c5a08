import { registerService, type Bus, type ServiceRegistration } from "@ai-orchestra/bus";
import type { Heartbeat } from "@ai-orchestra/contracts";
import { createMetrics, startTracing, type Logger, type Metrics, type Tracing } from "@ai-orchestra/telemetry";
import type { z } from "zod";
import { openBus } from "./bus-connection.js";
import type { Clock } from "./clock.js";
import type { BaseConfig } from "./base-env.js";
import { ComponentRunner } from "./lifecycle/component-runner.js";
import type { ServiceState } from "./lifecycle/service-state.js";
import { settleWithin } from "./lifecycle/settle-within.js";
import { reportDependencies } from "./ops/dependencies.js";
import { EventLoopWatch } from "./ops/event-loop-watch.js";
import { HeartbeatPublisher } from "./ops/heartbeat.js";
import { startOpsServer, type OpsServer } from "./ops/ops-server.js";
import { measureReadiness } from "./ops/readiness-metrics.js";
import { heartbeatState, reportReadiness, type ReadinessReport } from "./ops/readiness.js";
import type { ServiceDefinition } from "./service-definition.js";

const EVENT_LOOP_STUCK_AFTER_MS = 5000;
const EVENT_LOOP_REMEMBER_FOR_MS = 10_000;

/** Of the drain time, what is kept for the bus, the spans and the ops server once the components have stopped. */
const CLOSING_SHARE = 0.15;

export interface ServiceRuntimeOptions<Env extends z.ZodObject> {
  definition: ServiceDefinition<Env>;
  config: z.output<Env> & BaseConfig;
  instance: string;
  logger: Logger;
  clock: Clock;
  /** Called when the service cannot go on although nobody asked it to end. */
  onFailed: (error: Error) => void;
}

/** One running instance of a service: everything between its configuration and the end of its process. */
export class ServiceRuntime<Env extends z.ZodObject> {
  readonly #options: ServiceRuntimeOptions<Env>;
  readonly #metrics: Metrics;
  readonly #tracing: Tracing;
  readonly #eventLoop: EventLoopWatch;
  readonly #startedAt: number;
  #state: ServiceState = { status: "starting" };
  #opsServer: OpsServer | undefined;
  #bus: Bus | undefined;
  #heartbeat: HeartbeatPublisher | undefined;
  #runner: ComponentRunner | undefined;
  #registration: ServiceRegistration | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ServiceRuntimeOptions<Env>) {
    const { definition, config, instance, logger, clock } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#tracing = startTracing({
      service: definition.name,
      instance,
      exporter: config.OTEL_TRACES_EXPORTER,
      sampleRatio: config.OTEL_TRACES_SAMPLER_ARG,
      observer: {
        onExportFailing: (error) => logger.warn({ err: error }, "spans cannot be exported and are lost"),
        onExportRecovered: () => logger.info("spans are exported again"),
      },
    });
    this.#metrics = createMetrics({ service: definition.name, instance });
    measureReadiness({ metrics: this.#metrics, readiness: () => this.#readiness() });
    this.#eventLoop = new EventLoopWatch({
      clock,
      stuckAfterMs: EVENT_LOOP_STUCK_AFTER_MS,
      rememberForMs: EVENT_LOOP_REMEMBER_FOR_MS,
    });
  }

  get state(): ServiceState {
    return this.#state;
  }

  /**
   * Resolves when the service is ready, or when it is stopped before that. A second call shares the first one's promise.
   *
   * @throws Error when the ops port is taken, or the service cannot be composed or started in time.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Unready at once; then the components in reverse order, the bus, the spans and the ops server, all within the drain
   * timeout. Never rejects; a second call shares the first one's promise.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Gives up: from now on `/livez` says so. Whatever runs is left to `stop`. */
  markFailed(error: unknown): void {
    this.#state = { status: "failed", error };
  }

  async #start(): Promise<void> {
    const { definition, config, instance, logger, clock } = this.#options;
    this.#eventLoop.start();
    this.#opsServer = await startOpsServer({
      host: config.OPS_HOST,
      port: config.OPS_PORT,
      metrics: this.#metrics,
      eventLoop: this.#eventLoop,
      state: () => this.#state.status,
      readiness: () => this.#readiness(),
    });
    const bus = await openBus({ config, service: definition.name, instance, logger, clock });
    if (this.#isStopping) return;
    this.#bus = bus;
    this.#watchBus(bus);
    this.#heartbeat = new HeartbeatPublisher({ bus, clock, logger, describe: () => this.#describeBeat() });
    this.#heartbeat.start();
    await this.#startComponents(bus);
    if (this.#isStopping) return;
    this.#registration = await registerService(bus, {
      name: definition.name,
      version: definition.version,
      description: `AI Orchestra ${definition.name}`,
      metadata: { instance, opsUrl: this.#opsServer.url },
      endpoints: this.#endpoints(),
    });
    this.#state = { status: "ready" };
    this.#heartbeat.beat();
    logger.info({ opsUrl: this.#opsServer.url, startupMs: clock.now() - this.#startedAt }, "ready");
  }

  async #startComponents(bus: Bus): Promise<void> {
    const { definition, config, instance, logger, clock } = this.#options;
    const deadlineAt = clock.now() + config.START_TIMEOUT_MS;
    const compose = () => definition.compose({ config, logger, bus, metrics: this.#metrics, clock, instance });
    const composed = await settleWithin(compose, config.START_TIMEOUT_MS, clock);
    if (this.#isStopping) return;
    if (composed.status === "failed") throw new Error("the service could not be composed", { cause: composed.error });
    if (composed.status === "late") {
      throw new Error(`the service was not composed within ${config.START_TIMEOUT_MS} ms (START_TIMEOUT_MS)`);
    }
    this.#runner = new ComponentRunner({ components: composed.value, logger, clock });
    await this.#runner.start({ deadlineAt });
  }

  async #stop(): Promise<void> {
    const { config, logger, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const deadlineAt = clock.now() + config.DRAIN_TIMEOUT_MS;
    const closingMs = config.DRAIN_TIMEOUT_MS * CLOSING_SHARE;
    if (this.#state.status !== "failed") this.#state = { status: "draining", deadlineAt };
    this.#heartbeat?.beat();

    const finish = async (what: string, task: () => Promise<void> | void, until: number): Promise<void> => {
      const outcome = await settleWithin(task, until - clock.now(), clock);
      if (outcome.status === "late") logger.error(`${what} took too long, leaving it behind`);
      if (outcome.status === "failed") logger.error({ err: outcome.error }, `${what} failed`);
    };
    const remaining = (share: number): number => clock.now() + Math.max(0, deadlineAt - clock.now()) * share;

    const registration = this.#registration;
    if (registration !== undefined) {
      await finish("leaving the service directory", () => registration.stop(), clock.now() + closingMs / 3);
    }
    await this.#runner?.stop({ deadlineAt: deadlineAt - closingMs });
    this.#heartbeat?.stop();
    const bus = this.#bus;
    if (bus !== undefined) await finish("draining the bus", () => bus.drain(), remaining(0.5));
    await this.#tracing.shutdown(remaining(0.5) - clock.now());
    const opsServer = this.#opsServer;
    if (opsServer !== undefined) await finish("closing the ops server", () => opsServer.close(), remaining(0.8));
    this.#eventLoop.stop();
    if (this.#state.status !== "failed") this.#state = { status: "stopped" };
    logger.info({ drainMs: Math.round(clock.monotonicMs() - startedMs) }, "stopped");
  }

  get #isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** The bus reconnects for ever by itself; once it is closed for good, only a new process helps. */
  #watchBus(bus: Bus): void {
    bus.onStatus((status) => {
      if (status !== "closed" || this.#isStopping) return;
      this.#options.onFailed(new Error("the connection to NATS was closed for good"));
    });
  }

  #endpoints(): string[] {
    const subjects = this.#runner?.components.flatMap(({ endpoints }) => endpoints ?? []);
    return [...new Set(subjects)];
  }

  #readiness(): ReadinessReport {
    return reportReadiness({
      state: this.#state.status,
      components: this.#runner?.statuses ?? new Map(),
      dependencies: reportDependencies({ bus: this.#bus, components: this.#runner?.components ?? [] }),
    });
  }

  #describeBeat(): Heartbeat {
    const { definition, instance } = this.#options;
    const readiness = this.#readiness();
    return {
      service: definition.name,
      instance,
      version: definition.version,
      pid: process.pid,
      startedAt: this.#startedAt,
      opsUrl: this.#opsServer?.url ?? "",
      state: heartbeatState(readiness),
      dependencies: Object.fromEntries(
        Object.entries(readiness.dependencies).map(([name, { status }]) => [name, status]),
      ),
      breakers: Object.assign({}, ...(this.#runner?.components ?? []).map((component) => component.breakers?.() ?? {})),
    };
  }
}
