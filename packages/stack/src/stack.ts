import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { discoverServices } from "./discover-services.js";
import { endLeftovers } from "./end-leftovers.js";
import { useExternalServer } from "./external-server.js";
import type { LocalServer, SupervisionOptions } from "./local-server.js";
import { startNatsServer, type NatsServer } from "./nats-server.js";
import { planServices } from "./plan-services.js";
import { startRedisServer, type RedisServer } from "./redis-server.js";
import { ServiceProcess } from "./service-process.js";
import { StackError } from "./stack-error.js";
import type { StackEvent } from "./stack-event.js";
import { StackFile, type StackDescription } from "./stack-file.js";
import { acquireStackLock } from "./stack-lock.js";
import { resolveStackOptions, type ResolvedStackOptions, type StackOptions } from "./stack-options.js";
import { Watchdog } from "./watchdog.js";

/** A stop takes at most 5 s: services first, and what is left of the time for NATS and Redis. */
const SERVICE_GRACE_MS = 3_400;
const STOP_BUDGET_MS = 4_500;
const MIN_SERVER_GRACE_MS = 500;
/** What services are told to drain in, so that they are done before they are killed. */
const SERVICE_DRAIN_MS = 3_000;

/** NATS, Redis and every service, running on this machine for one owner. */
export class Stack {
  readonly dataDir: string;
  readonly logsDir: string;
  readonly services: readonly ServiceProcess[];
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly #release: () => Promise<void>;
  #stopping: Promise<void> | undefined;

  constructor(o: {
    dataDir: string;
    logsDir: string;
    services: readonly ServiceProcess[];
    nats: NatsServer;
    redis: RedisServer;
    release: () => Promise<void>;
  }) {
    this.dataDir = o.dataDir;
    this.logsDir = o.logsDir;
    this.services = o.services;
    this.nats = o.nats;
    this.redis = o.redis;
    this.#release = o.release;
  }

  /** Where clients connect: the first gateway. Empty when the stack was started without one. */
  get url(): string {
    return findUrl(this.services);
  }

  /** An instance of a service; throws when there is none. `index` counts from 0. */
  service(name: string, index = 0): ServiceProcess {
    const found = this.services.filter((service) => service.name === name)[index];
    if (found === undefined) throw new Error(`the stack has no instance ${index} of ${name}`);
    return found;
  }

  /** Drains the services, then ends Redis and NATS, within 5 s. Every call shares the first one's promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await stopAll({ services: this.services, nats: this.nats, redis: this.redis });
    await this.#release();
  }
}

/**
 * Starts NATS, Redis and every built service, each as its own process, and resolves when all are ready. Rejects with a
 * StackError that says what to do, and leaves nothing running, when one of them cannot be started.
 */
export async function startStack(options?: StackOptions): Promise<Stack> {
  const o = resolveStackOptions(options);
  const plan = await planServices(await discoverServices(o.servicesDir), o);
  await mkdir(o.logsDir, { recursive: true });

  const watchdog = new Watchdog();
  watchdog.start();
  const lock = await acquireStackLock(o.dataDir, watchdog.pid).catch(async (error: unknown) => {
    await watchdog.close();
    throw error;
  });
  const parts: StackParts = { services: [], nats: undefined, redis: undefined };
  const file = new StackFile(o.dataDir, () => describeStack(parts), o.onEvent);
  const release = async (): Promise<void> => {
    await watchdog.close();
    await file.remove();
    await lock.release();
  };
  let isReady = false;
  const supervision = {
    watchdog,
    restartOnExit: o.restartOnExit,
    onEvent(event: StackEvent): void {
      o.onEvent(event);
      if (isReady && event.type === "started") file.requestUpdate();
    },
  };
  try {
    await endLeftovers(o.dataDir);
    await file.remove();
    const { nats, redis } = await startServers(o, supervision, parts);
    const env = {
      ...describeServers(nats, redis),
      LOG_FORMAT: "json",
      DRAIN_TIMEOUT_MS: String(SERVICE_DRAIN_MS),
      ...o.env,
    };
    parts.services = plan.map(
      (planned) =>
        new ServiceProcess({
          ...planned,
          ...supervision,
          cwd: o.cwd,
          env: { ...env, ...o.serviceEnv[planned.name] },
          logsDir: o.logsDir,
          readyTimeoutMs: o.readyTimeoutMs,
          backoff: o.backoff,
        }),
    );
    await unlessAborted(Promise.all(parts.services.map((service) => service.start())), o.signal);
    isReady = true;
    await file.update();
    return new Stack({ dataDir: o.dataDir, logsDir: o.logsDir, services: parts.services, nats, redis, release });
  } catch (error) {
    await stopAll(parts);
    await release();
    throw error;
  }
}

interface StackParts {
  services: readonly ServiceProcess[];
  nats: LocalServer | undefined;
  redis: LocalServer | undefined;
}

/** Starts both servers at once; `parts` holds those that came up even when the other did not. */
async function startServers(
  o: ResolvedStackOptions,
  supervision: SupervisionOptions,
  parts: StackParts,
): Promise<{ nats: LocalServer; redis: LocalServer }> {
  const dirs = { nats: join(o.dataDir, "nats"), redis: join(o.dataDir, "redis") };
  const [nats, redis] = await Promise.allSettled([
    o.natsUrl === undefined
      ? startNatsServer({ ...supervision, dataDir: dirs.nats, logFile: join(o.logsDir, "nats.log") })
      : useExternalServer("NATS_URL", o.natsUrl),
    o.redisUrl === undefined
      ? startRedisServer({ ...supervision, dataDir: dirs.redis, logFile: join(o.logsDir, "redis.log") })
      : useExternalServer("REDIS_URL", o.redisUrl),
  ]);
  if (nats.status === "fulfilled") parts.nats = nats.value;
  if (redis.status === "fulfilled") parts.redis = redis.value;
  if (nats.status === "rejected") throw nats.reason;
  if (redis.status === "rejected") throw redis.reason;
  return { nats: nats.value, redis: redis.value };
}

async function stopAll(parts: StackParts): Promise<void> {
  const startedAt = performance.now();
  await Promise.all(parts.services.map((service) => service.stop(SERVICE_GRACE_MS)));
  const graceMs = Math.max(MIN_SERVER_GRACE_MS, STOP_BUDGET_MS - (performance.now() - startedAt));
  await Promise.all([parts.nats?.stop({ graceMs }), parts.redis?.stop({ graceMs })]);
}

/** Settles as `work` does, unless the signal is aborted first. */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return void (await work);
  const stopped = new StackError("stopped", "stopped before it was ready");
  if (signal.aborted) throw stopped;
  const listening = new AbortController();
  try {
    await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(stopped), { signal: listening.signal });
      }),
    ]);
  } finally {
    listening.abort();
  }
}

function describeServers(nats: LocalServer, redis: LocalServer): Record<string, string> {
  return { NATS_URL: nats.url, REDIS_URL: redis.url };
}

function describeStack(parts: StackParts): StackDescription {
  const describeServer = (server: LocalServer | undefined): StackDescription["nats"] => ({
    url: server?.url ?? "",
    pid: server === undefined || server.pid === 0 ? null : server.pid,
  });
  return {
    url: findUrl(parts.services),
    services: parts.services.map(({ name, instance, pid, opsUrl, url }) => ({ name, instance, pid, opsUrl, url })),
    nats: describeServer(parts.nats),
    redis: describeServer(parts.redis),
  };
}

function findUrl(services: readonly ServiceProcess[]): string {
  return services.find((service) => service.url !== undefined)?.url ?? "";
}
