import { dirname, join, resolve } from "node:path";
import type { RestartBackoffOptions } from "./restart-backoff.js";
import type { StackEventListener } from "./stack-event.js";
import { WORKSPACE_ROOT } from "./workspace-root.js";

const DEFAULT_READY_TIMEOUT_MS = 30_000;

export interface StackOptions {
  /** Holds `stack.json`, the logs and the data of NATS and Redis. Default: `.orchestra` of the workspace. */
  dataDir?: string;
  /** The port of the first gateway; 0, the default, takes any free one. */
  port?: number;
  /** Instances by service name; 1 when absent, 0 leaves a service out. */
  replicas?: Readonly<Record<string, number>>;
  /** Environment of every service, over what the stack itself sets. */
  env?: Readonly<Record<string, string>>;
  /** Environment by service name, over `env`. */
  serviceEnv?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Use this server instead of starting one. */
  natsUrl?: string;
  /** Use this server instead of starting one. */
  redisUrl?: string;
  onEvent?: StackEventListener;
  /** Start processes again that die: services, NATS and Redis. Default true. */
  restartServices?: boolean;
  /** The delays between those starts. */
  backoff?: RestartBackoffOptions;
  /** The folder whose folders are the services. Default: `services` of the workspace. */
  servicesDir?: string;
  /** How long one process may take until it is ready, in milliseconds. Default 30 000. */
  readyTimeoutMs?: number;
  /** Aborting ends a start that is under way: `startStack` rejects with `stopped` and leaves nothing running. */
  signal?: AbortSignal;
}

export interface ResolvedStackOptions {
  dataDir: string;
  logsDir: string;
  port: number;
  replicas: Readonly<Record<string, number>>;
  env: Readonly<Record<string, string>>;
  serviceEnv: Readonly<Record<string, Readonly<Record<string, string>>>>;
  natsUrl: string | undefined;
  redisUrl: string | undefined;
  onEvent: StackEventListener;
  restartOnExit: boolean;
  backoff: RestartBackoffOptions | undefined;
  servicesDir: string;
  /** The working directory of the services: the folder that holds `orchestra.config.yaml`. */
  cwd: string;
  readyTimeoutMs: number;
  signal: AbortSignal | undefined;
}

export function resolveStackOptions(o: StackOptions = {}): ResolvedStackOptions {
  const dataDir = resolve(o.dataDir ?? join(WORKSPACE_ROOT, ".orchestra"));
  const servicesDir = resolve(o.servicesDir ?? join(WORKSPACE_ROOT, "services"));
  return {
    dataDir,
    logsDir: join(dataDir, "logs"),
    port: o.port ?? 0,
    replicas: o.replicas ?? {},
    env: o.env ?? {},
    serviceEnv: o.serviceEnv ?? {},
    natsUrl: o.natsUrl,
    redisUrl: o.redisUrl,
    onEvent: o.onEvent ?? (() => {}),
    restartOnExit: o.restartServices ?? true,
    backoff: o.backoff,
    servicesDir,
    cwd: dirname(servicesDir),
    readyTimeoutMs: o.readyTimeoutMs ?? DEFAULT_READY_TIMEOUT_MS,
    signal: o.signal,
  };
}
