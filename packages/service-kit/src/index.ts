export { systemClock, type Clock, type Timer } from "./clock.js";
export type { Component } from "./component.js";
export { baseEnvSchema, type BaseConfig } from "./base-env.js";
export { describeEnv, type EnvVariable } from "./describe-env.js";
export { ConfigError, loadConfig, type LoadConfigOptions } from "./load-config.js";
export { createManualClock, type ManualClock } from "./manual-clock.js";
export { runService } from "./run-service.js";
export type { ServiceBase, ServiceDefinition } from "./service-definition.js";
export { createStrictContainer } from "./strict-container.js";
