/** What the bus logs to; a pino logger fits. */
export interface BusLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Paths of PEM files. An empty object means TLS with the system's certificate authorities. */
export interface BusTlsOptions {
  caFile?: string;
  certFile?: string;
  keyFile?: string;
}

export interface BusOptions {
  /** `nats://host:port`, one or more. */
  servers: string[];
  /** Shown in the server's connection list. */
  name: string;
  logger?: BusLogger;
  user?: string;
  password?: string;
  token?: string;
  /** Seed of an NKey user (`SU…`). */
  nkeySeed?: string;
  tls?: BusTlsOptions;
  /**
   * What the subjects of answers begin with. One for each user of the server lets permissions keep users from reading
   * each other's answers. Default `_INBOX`.
   */
  inboxPrefix?: string;
  /** How long `connectBus` keeps trying. Default: for ever. */
  connectTimeoutMs?: number;
  /** Shortest and longest wait between two attempts to reconnect; each wait is random in between. Default 50 and 250. */
  reconnectMinDelayMs?: number;
  reconnectMaxDelayMs?: number;
  /** How often an idle connection is probed; two missed answers end it. Default 5 000. */
  pingIntervalMs?: number;
  /** How long `drain` and `flush` wait for the server. Default 4 000. */
  drainTimeoutMs?: number;
}

export interface ResolvedBusOptions {
  readonly servers: readonly string[];
  readonly name: string;
  readonly logger: BusLogger;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly nkeySeed: string | undefined;
  readonly tls: BusTlsOptions | undefined;
  readonly inboxPrefix: string;
  readonly connectTimeoutMs: number;
  readonly reconnectMinDelayMs: number;
  readonly reconnectMaxDelayMs: number;
  readonly pingIntervalMs: number;
  readonly drainTimeoutMs: number;
}

const silent = (): void => undefined;
const SILENT_LOGGER: BusLogger = { debug: silent, info: silent, warn: silent, error: silent };

/** Completes the options; every default of the connection stands here. */
export function resolveBusOptions(options: BusOptions): ResolvedBusOptions {
  if (options.servers.length === 0) throw new TypeError("connectBus needs at least one server");
  return {
    servers: options.servers,
    name: options.name,
    logger: options.logger ?? SILENT_LOGGER,
    user: options.user,
    password: options.password,
    token: options.token,
    nkeySeed: options.nkeySeed,
    tls: options.tls,
    inboxPrefix: options.inboxPrefix ?? "_INBOX",
    connectTimeoutMs: options.connectTimeoutMs ?? Number.POSITIVE_INFINITY,
    reconnectMinDelayMs: options.reconnectMinDelayMs ?? 50,
    reconnectMaxDelayMs: options.reconnectMaxDelayMs ?? 250,
    pingIntervalMs: options.pingIntervalMs ?? 5_000,
    drainTimeoutMs: options.drainTimeoutMs ?? 4_000,
  };
}
