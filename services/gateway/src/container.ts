import { openApiKeys, openCancels, openSystem, openTurnQueue, openTurnResults } from "@ai-orchestra/bus";
import { CLOSE_CODES, LIMITS } from "@ai-orchestra/contracts";
import { createFlagClient, type FlagClient } from "@ai-orchestra/flags-engine";
import {
  BreakerReporter,
  createMemoryCalls,
  createOrchestratorCalls,
  createStrictContainer,
  type GuardedCaller,
  LevelWatch,
  type Component,
  type ServiceBase,
} from "@ai-orchestra/service-kit";
import { getTracer } from "@ai-orchestra/telemetry";
import { asFunction } from "awilix";
import { ApiKeyStore } from "./auth/api-key-store.js";
import { needsToken } from "./auth/auth-env.js";
import type { Authenticate } from "./auth/authenticate.js";
import { createAuthentication } from "./auth/create-authentication.js";
import { FailedAttempts } from "./auth/failed-attempts.js";
import { loadJwtKeys } from "./auth/jwt-keys.js";
import { createOriginCheck, type CheckOrigin } from "./auth/origin-check.js";
import type { GatewayConfig } from "./config.js";
import { ClientPort } from "./connections/client-port.js";
import { ConnectionAdmission } from "./connections/connection-admission.js";
import { ConnectionLeases } from "./connections/connection-leases.js";
import { createConnectionRate } from "./connections/connection-rate.js";
import { ConnectionRegistry } from "./connections/connection-registry.js";
import { ConnectionWatch } from "./connections/connection-watch.js";
import { createMessageLimit, type TakeMessage } from "./connections/message-limit.js";
import { GatewayMetrics } from "./gateway-metrics.js";
import { HeartbeatBoard } from "./health/heartbeat-board.js";
import { SystemFeed } from "./health/system-feed.js";
import { createClientAddress } from "./http/client-address.js";
import { createStartHttpTurn, type StartHttpTurn } from "./http/http-turn.js";
import { createRouter } from "./http/router.js";
import { createRoutes } from "./http/routes.js";
import { createCancelTurn, type CancelTurn } from "./turns/cancel-turn.js";
import { createCatchUp, type CatchUp } from "./turns/catch-up.js";
import { ConcurrencySlots } from "./turns/concurrency-slots.js";
import { createRecallResult } from "./turns/recall-result.js";
import { createExpireTurn, type ExpireTurn } from "./turns/expire-turn.js";
import { SessionFeeds } from "./turns/session-feeds.js";
import { createSubmitTurn, type SubmitTurn } from "./turns/submit-turn.js";
import { createTurnAdmission } from "./turns/turn-admission.js";
import { TurnDispatch } from "./turns/turn-dispatch.js";
import { createPriorityOf } from "./turns/turn-priorities.js";
import { TurnViewers } from "./turns/turn-viewers.js";
import { VERSION } from "./version.js";
import { V1Deprecation } from "./versions/v1-deprecation.js";
import { VersionUsage } from "./versions/version-usage.js";
import { resolveBackpressureLimits } from "./websocket/backpressure.js";
import { checkTlsFiles, type TlsFiles } from "./websocket/tls-files.js";
import { UwsServer } from "./websocket/uws-server.js";
import { createV1Route } from "./websocket/v1/v1-route.js";
import { createV2Route } from "./websocket/v2-route.js";

const MAX_CATCH_UPS_AT_ONCE = 64;

/** One of each in the process; what belongs to a connection or a turn is made by these. */
interface Cradle {
  apiKeys: ApiKeyStore;
  authenticate: Authenticate;
  checkOrigin: CheckOrigin;
  registry: ConnectionRegistry;
  /** Absent without authentication: all clients are one. */
  leases: ConnectionLeases | undefined;
  takeMessage: TakeMessage;
  admission: ConnectionAdmission;
  gatewayMetrics: GatewayMetrics;
  feeds: SessionFeeds;
  catchUp: CatchUp;
  expire: ExpireTurn;
  viewers: TurnViewers;
  versionUsage: VersionUsage;
  submitTurn: SubmitTurn;
  cancelTurn: CancelTurn;
  startHttpTurn: StartHttpTurn;
  deprecation: V1Deprecation;
  board: HeartbeatBoard;
  breakers: BreakerReporter;
  levelWatch: LevelWatch;
  systemFeed: SystemFeed;
  flagClient: FlagClient;
  memoryCalls: GuardedCaller;
  orchestratorCalls: GuardedCaller;
  turnDispatch: TurnDispatch;
  connectionWatch: ConnectionWatch;
  onRequest: ReturnType<typeof createRouter>;
  server: UwsServer;
  clientPort: ClientPort;
}

/** Builds the gateway; the components come in start order. */
export async function compose(base: ServiceBase<GatewayConfig>): Promise<Component[]> {
  const { bus, clock, config, instance, logger, metrics } = base;
  const topology = { replicas: config.JETSTREAM_REPLICAS, storage: "file" } as const;
  const now = () => clock.now();
  const monotonicMs = () => clock.monotonicMs();
  const tls = tlsFilesOf(config);
  if (tls !== undefined) await checkTlsFiles(tls);
  const [jwtKeys, queue, results, cancels, apiKeyBucket, system] = await Promise.all([
    loadJwtKeys(config, monotonicMs),
    openTurnQueue(bus, topology),
    openTurnResults(bus, topology),
    openCancels(bus, topology),
    openApiKeys(bus, topology),
    openSystem(bus, topology),
  ]);
  const clientsAreKnown = needsToken(config);
  const tracer = getTracer("gateway");
  const logError = (error: unknown) => logger.error({ err: error }, "something a client asked for failed");
  const logUsageError = (error: unknown) => logger.warn({ err: error }, "usage waits to be handed over");

  const container = createStrictContainer<Cradle>();
  container.register({
    apiKeys: asFunction(
      ({ registry }: Cradle) =>
        new ApiKeyStore({
          bucket: apiKeyBucket,
          now,
          onRevoked: (id) => {
            const revoked = registry.list().filter(({ principal }) => principal.apiKeyId === id);
            for (const connection of revoked) connection.close(CLOSE_CODES.badToken, "the API key was revoked");
          },
        }),
    ).singleton(),
    authenticate: asFunction(({ apiKeys, gatewayMetrics }: Cradle) =>
      createAuthentication({
        config,
        jwtKeys,
        apiKeys,
        failedAttempts: new FailedAttempts({
          maxPerMinute: config.GATEWAY_MAX_BAD_TOKENS_PER_MINUTE,
          monotonicMs,
          onRefused: () => gatewayMetrics.countLimit("failed_tokens"),
        }),
        now,
      }),
    ).singleton(),
    checkOrigin: asFunction(() =>
      createOriginCheck({ loopbackOnly: !clientsAreKnown, allowedOrigins: config.GATEWAY_ALLOWED_ORIGINS }),
    ).singleton(),
    leases: asFunction(({ registry, gatewayMetrics, memoryCalls }: Cradle) =>
      clientsAreKnown
        ? new ConnectionLeases({
            bus: memoryCalls,
            clock,
            maxPerClient: config.GATEWAY_MAX_CONNECTIONS_PER_CLIENT,
            onReplaced: (id) => registry.get(id)?.close(CLOSE_CODES.connectionLimit, "another connection follows"),
            onOutcome: (outcome) => gatewayMetrics.countLease(outcome),
            onReachable: (reachable, error) => {
              if (reachable) logger.info("connections are counted over all gateways again");
              else logger.warn({ err: error }, "memory is away: each gateway counts its own connections");
            },
          })
        : undefined,
    ).singleton(),
    takeMessage: asFunction(({ gatewayMetrics }: Cradle) =>
      clientsAreKnown
        ? createMessageLimit({
            perMinute: config.GATEWAY_MESSAGES_PER_MINUTE,
            monotonicMs,
            onRefused: () => gatewayMetrics.countLimit("messages"),
          })
        : () => undefined,
    ).singleton(),
    admission: asFunction(
      ({ registry, checkOrigin, authenticate, leases, gatewayMetrics }: Cradle) =>
        new ConnectionAdmission({
          registry,
          checkOrigin,
          authenticate,
          countNewConnection: createConnectionRate({
            perSecond: config.GATEWAY_MAX_NEW_CONNECTIONS_PER_SECOND,
            monotonicMs,
            onRefused: () => gatewayMetrics.countLimit("new_connections"),
          }),
          leases,
          maxAgeMs: config.GATEWAY_MAX_CONNECTION_AGE_MS,
          metrics: gatewayMetrics,
          monotonicMs,
        }),
    ).singleton(),
    registry: asFunction(() => new ConnectionRegistry({ maxConnections: config.GATEWAY_MAX_CONNECTIONS })).singleton(),
    gatewayMetrics: asFunction(
      (cradle: Cradle) =>
        new GatewayMetrics({
          metrics,
          registry: cradle.registry,
          viewers: () => cradle.viewers.size,
          feeds: () => cradle.feeds.size,
        }),
    ).singleton(),
    feeds: asFunction(() => new SessionFeeds({ bus })).singleton(),
    catchUp: asFunction(({ gatewayMetrics, memoryCalls }: Cradle) =>
      createCatchUp({
        bus,
        results,
        recall: createRecallResult({ bus: memoryCalls }),
        slots: new ConcurrencySlots(MAX_CATCH_UPS_AT_ONCE),
        onCatchUp: (trigger) => gatewayMetrics.countCatchUp(trigger),
        onError: (error, { key }) => {
          logger.warn(
            { err: error, sessionId: key.sessionId, turnId: key.turnId },
            "catching up failed, will ask again",
          );
        },
      }),
    ).singleton(),
    expire: asFunction(() => createExpireTurn({ bus, results, now })).singleton(),
    viewers: asFunction(
      ({ feeds, catchUp, expire }: Cradle) => new TurnViewers({ bus, feeds, catchUp, expire, clock }),
    ).singleton(),
    versionUsage: asFunction(
      ({ memoryCalls }: Cradle) => new VersionUsage({ bus: memoryCalls, clock, onError: logUsageError }),
    ).singleton(),
    submitTurn: asFunction(({ viewers, versionUsage, turnDispatch, levelWatch }: Cradle) =>
      createSubmitTurn({
        queue: turnDispatch,
        assertTurnsAccepted: createTurnAdmission({ levelWatch, clock }),
        priorityOf: createPriorityOf(config.GATEWAY_TIER_PRIORITIES),
        viewers,
        usage: versionUsage,
        tracer,
        now,
      }),
    ).singleton(),
    cancelTurn: asFunction(() => createCancelTurn({ bus, cancels, results, now })).singleton(),
    startHttpTurn: asFunction(({ submitTurn, cancelTurn, viewers, gatewayMetrics }: Cradle) =>
      createStartHttpTurn({ submitTurn, cancelTurn, viewers, metrics: gatewayMetrics, onError: logError }),
    ).singleton(),
    deprecation: asFunction(
      () =>
        new V1Deprecation({
          deprecatedSince: new Date(config.GATEWAY_V1_DEPRECATED_SINCE),
          sunset: new Date(config.GATEWAY_V1_SUNSET),
          logger,
          monotonicMs,
        }),
    ).singleton(),
    board: asFunction(() => new HeartbeatBoard({ bus, now })).singleton(),
    breakers: asFunction(
      () => new BreakerReporter({ bus, clock, logger, metrics, service: "gateway", instance }),
    ).singleton(),
    levelWatch: asFunction(() => new LevelWatch({ bus, states: system.states, clock })).singleton(),
    systemFeed: asFunction(() => new SystemFeed({ bus, clock })).singleton(),
    flagClient: asFunction(() =>
      createFlagClient({
        bus,
        service: "gateway",
        instance,
        now,
        topology,
        onError: (error) => logger.warn({ err: error }, "flags cannot be watched yet"),
      }),
    ).singleton(),
    memoryCalls: asFunction(({ breakers }: Cradle) => createMemoryCalls({ bus, clock, breakers })).singleton(),
    orchestratorCalls: asFunction(({ breakers }: Cradle) =>
      createOrchestratorCalls({ bus, clock, breakers }),
    ).singleton(),
    turnDispatch: asFunction(({ breakers }: Cradle) => new TurnDispatch({ queue, bus, clock, breakers })).singleton(),
    connectionWatch: asFunction(
      ({ registry }: Cradle) =>
        new ConnectionWatch({
          registry,
          bus,
          slowConsumerTimeoutMs: config.GATEWAY_SLOW_CONSUMER_TIMEOUT_MS,
          busOutageTimeoutMs: config.GATEWAY_BUS_OUTAGE_TIMEOUT_MS,
          idleTimeoutMs: config.GATEWAY_IDLE_TIMEOUT_MS,
          clock,
        }),
    ).singleton(),
    onRequest: asFunction((cradle: Cradle) =>
      createRouter({
        routes: createRoutes({
          bus,
          memoryCalls: cradle.memoryCalls,
          orchestratorCalls: cradle.orchestratorCalls,
          board: cradle.board,
          levelWatch: cradle.levelWatch,
          systemFeed: cradle.systemFeed,
          registry: cradle.registry,
          apiKeys: cradle.apiKeys,
          flagClient: cradle.flagClient,
          scheme: tls === undefined ? "http" : "https",
          startHttpTurn: cradle.startHttpTurn,
          cancelTurn: cradle.cancelTurn,
          viewers: cradle.viewers,
          deprecation: cradle.deprecation,
          versionUsage: cradle.versionUsage,
          metrics: cradle.gatewayMetrics,
          version: VERSION,
          now,
          onError: logError,
        }),
        authenticate: cradle.authenticate,
        checkOrigin: cradle.checkOrigin,
        takeMessage: cradle.takeMessage,
        tracer,
        onError: (error, requestId) => logger.error({ err: error, requestId }, "an HTTP request failed"),
      }),
    ).singleton(),
    server: asFunction((cradle: Cradle) => {
      const { onRequest, gatewayMetrics } = cradle;
      const server = new UwsServer({
        host: config.GATEWAY_HOST,
        port: config.GATEWAY_PORT,
        maxBodyBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
        maxRequestsInFlight: config.GATEWAY_MAX_REQUESTS_IN_FLIGHT,
        idleTimeoutSeconds: Math.round(config.GATEWAY_HEARTBEAT_MS / 1_000),
        backpressure: resolveBackpressureLimits({ maxBytes: config.GATEWAY_MAX_BUFFERED_BYTES }),
        tls,
        findAddress: createClientAddress({
          trustedProxies: config.GATEWAY_TRUSTED_PROXIES,
          proxyProtocol: config.GATEWAY_PROXY_PROTOCOL === "on",
        }),
        onRequestRefused: () => gatewayMetrics.countLimit("requests_in_flight"),
        onRequest,
        onFramesWritten: (frames) => gatewayMetrics.countFramesOut(frames),
      });
      const channels = {
        registry: cradle.registry,
        admission: cradle.admission,
        takeMessage: cradle.takeMessage,
        limits: {
          maxMessageBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
          maxTurnsInFlight: config.GATEWAY_MAX_TURNS_IN_FLIGHT,
          maxAttachedSessions: config.GATEWAY_MAX_ATTACHED_SESSIONS,
          refusedFramesPerMinute: LIMITS.refusedFramesPerMinute,
          rateLimitedFramesPerMinute: config.GATEWAY_MESSAGES_PER_MINUTE,
        },
        submitTurn: cradle.submitTurn,
        cancelTurn: cradle.cancelTurn,
        viewers: cradle.viewers,
        metrics: gatewayMetrics,
        monotonicMs,
        onError: logError,
      };
      server.addRoute(
        createV2Route({
          ...channels,
          messagesPerMinute: config.GATEWAY_MESSAGES_PER_MINUTE,
          heartbeatMs: config.GATEWAY_HEARTBEAT_MS,
          feeds: cradle.feeds,
        }),
      );
      server.addRoute(createV1Route({ ...channels, deprecation: cradle.deprecation, now }));
      return server;
    }).singleton(),
    clientPort: asFunction(
      ({ server, registry }: Cradle) => new ClientPort({ server, registry, logger, now }),
    ).singleton(),
  });

  const { breakers, levelWatch, systemFeed, flagClient, memoryCalls, orchestratorCalls, turnDispatch } =
    container.cradle;
  const guards = [breakers, levelWatch, systemFeed, flagClient, memoryCalls, orchestratorCalls, turnDispatch];
  const { apiKeys, leases, board, viewers, versionUsage, connectionWatch, clientPort } = container.cradle;
  const counted = leases === undefined ? [] : [leases];
  return [...guards, apiKeys, board, viewers, versionUsage, ...counted, connectionWatch, clientPort];
}

function tlsFilesOf(config: GatewayConfig): TlsFiles | undefined {
  const { GATEWAY_TLS_CERT_FILE: certFile, GATEWAY_TLS_KEY_FILE: keyFile } = config;
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}
