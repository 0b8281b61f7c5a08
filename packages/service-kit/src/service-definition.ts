import type { Bus } from "@ai-orchestra/bus";
import type { ServiceName } from "@ai-orchestra/contracts";
import type { Logger, Metrics } from "@ai-orchestra/telemetry";
import type { z } from "zod";
import type { Clock } from "./clock.js";
import type { Component } from "./component.js";
import type { BaseConfig } from "./base-env.js";

/** What a service is composed from. */
export interface ServiceBase<Config> {
  readonly config: Config & BaseConfig;
  readonly logger: Logger;
  /** Connected already. */
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Name of this instance, unique within the mesh. */
  readonly instance: string;
}

export interface ServiceDefinition<Env extends z.ZodObject> {
  readonly name: ServiceName;
  /** Semantic version, as the NATS service directory shows it. */
  readonly version: string;
  /** The service's environment variables, each with a description; `baseEnvSchema(name).extend({...})`. */
  readonly env: Env;
  /** What is wrong with variables that are right one by one: a line for each problem, with its cure. */
  check?(config: z.output<Env> & BaseConfig): readonly string[];
  /** Builds the service and returns its components in start order. */
  compose(base: ServiceBase<z.output<Env>>): Promise<Component[]> | Component[];
}
