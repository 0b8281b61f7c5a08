import { randomBytes } from "node:crypto";
import { createLogger, type Logger } from "@ai-orchestra/telemetry";
import type { z } from "zod";
import { systemClock } from "./clock.js";
import type { BaseConfig } from "./base-env.js";
import { ConfigError, loadConfig } from "./load-config.js";
import { watchParent } from "./process/parent-watch.js";
import { guardProcess } from "./process/process-guard.js";
import type { ServiceDefinition } from "./service-definition.js";
import { ServiceRuntime } from "./service-runtime.js";

/** Exit codes of a service's process; 78 is `EX_CONFIG` of sysexits.h: starting it again does not help. */
const EXIT = { drained: 0, failed: 1, badConfig: 78 } as const;

/**
 * Runs a service as this process, from its environment to its exit code, and resolves once it is ready.
 *
 * It ends with 0 after SIGTERM or SIGINT (drained, within `DRAIN_TIMEOUT_MS`) and when the process `STACK_PARENT_PID` is
 * gone; with 1 when it cannot start, on a second signal, and on an error that nobody caught; with 78, after one line per
 * wrong setting on standard error, when its configuration is wrong, be it a variable or what a component found on start.
 */
export async function runService<Env extends z.ZodObject>(definition: ServiceDefinition<Env>): Promise<void> {
  const config = loadConfigOrExit(definition);
  const instance = config.INSTANCE_ID ?? `${definition.name}-${randomBytes(3).toString("hex")}`;
  const logger = createLogger({
    service: definition.name,
    instance,
    level: config.LOG_LEVEL,
    pretty: config.LOG_FORMAT === "pretty",
  });
  const failed = async (error: Error): Promise<void> => {
    logger.fatal({ err: error }, describeFailure(error, config));
    runtime.markFailed(error);
    await runtime.stop();
    process.exit(EXIT.failed);
  };
  const runtime = new ServiceRuntime({
    definition,
    config,
    instance,
    logger,
    clock: systemClock,
    onFailed: (error) => void failed(error),
  });
  const drain = async (reason: string): Promise<void> => {
    logger.info({ reason }, "draining");
    await runtime.stop();
    process.exit(EXIT.drained);
  };

  guardProcess({
    onShutdown: (signal) => void drain(signal),
    onFatal: (error, origin) => crash(logger, error, origin),
  });
  if (config.STACK_PARENT_PID !== undefined) {
    watchParent({ pid: config.STACK_PARENT_PID, clock: systemClock, onGone: () => void drain("parent is gone") });
  }
  try {
    await runtime.start();
  } catch (error) {
    if (runtime.state.status === "draining" || runtime.state.status === "stopped") return;
    const configError = findConfigError(error);
    if (configError !== undefined) {
      await runtime.stop();
      exitForConfig(definition.name, configError);
    }
    await failed(error instanceof Error ? error : new Error(String(error)));
  }
}

function loadConfigOrExit<Env extends z.ZodObject>(definition: ServiceDefinition<Env>): z.output<Env> & BaseConfig {
  try {
    const { name, env } = definition;
    return loadConfig({ name, env, check: (config) => definition.check?.(config) ?? [] });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    exitForConfig(definition.name, error);
  }
}

/** A component's error arrives wrapped in one that names the component. */
function findConfigError(error: unknown): ConfigError | undefined {
  if (error instanceof ConfigError) return error;
  return error instanceof Error && error.cause instanceof ConfigError ? error.cause : undefined;
}

function exitForConfig(service: string, error: ConfigError): never {
  for (const line of error.lines) process.stderr.write(`${service}: ${line}\n`);
  process.exit(EXIT.badConfig);
}

/** Nothing is known about the state of the process any more, so it does not even try to drain. */
function crash(logger: Logger, error: unknown, origin: string): never {
  try {
    logger.fatal({ err: error, origin }, "nobody caught this error, ending at once");
  } finally {
    process.exit(EXIT.failed);
  }
}

function describeFailure(error: Error, config: BaseConfig): string {
  if ("code" in error && error.code === "EADDRINUSE") {
    return `the ops port ${config.OPS_HOST}:${config.OPS_PORT} is taken: set OPS_PORT to another one, or to 0 for any free one`;
  }
  return `the service failed: ${error.message}`;
}
