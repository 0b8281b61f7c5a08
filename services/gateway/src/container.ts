import { openCancels, openTurnQueue, openTurnResults } from "@ai-orchestra/bus";
import { LIMITS } from "@ai-orchestra/contracts";
import { createStrictContainer, type Component, type ServiceBase } from "@ai-orchestra/service-kit";
import { getTracer } from "@ai-orchestra/telemetry";
import { asFunction } from "awilix";
import { createDevAuthenticate, type Authenticate } from "./auth/authenticate.js";
import { createOriginCheck, type CheckOrigin } from "./auth/origin-check.js";
import type { GatewayConfig } from "./config.js";
import { ClientPort } from "./connections/client-port.js";
import { ConnectionRegistry } from "./connections/connection-registry.js";
import { ConnectionWatch } from "./connections/connection-watch.js";
import { GatewayMetrics } from "./gateway-metrics.js";
import { HeartbeatBoard } from "./health/heartbeat-board.js";
import { createChatRoutes } from "./http/chat-routes.js";
import { createHealthRoutes } from "./http/health.js";
import { createStartHttpTurn, type StartHttpTurn } from "./http/http-turn.js";
import { createRouter, type HttpRoute } from "./http/router.js";
import { createSessionRoutes } from "./http/sessions.js";
import { createTurnRoutes } from "./http/turns.js";
import { createCancelTurn, type CancelTurn } from "./turns/cancel-turn.js";
import { createCatchUp, type CatchUp } from "./turns/catch-up.js";
import { ConcurrencySlots } from "./turns/concurrency-slots.js";
import { createExpireTurn, type ExpireTurn } from "./turns/expire-turn.js";
import { SessionFeeds } from "./turns/session-feeds.js";
import { createSubmitTurn, type SubmitTurn } from "./turns/submit-turn.js";
import { TurnViewers } from "./turns/turn-viewers.js";
import { V1Deprecation } from "./versions/v1-deprecation.js";
import { VersionUsage } from "./versions/version-usage.js";
import { resolveBackpressureLimits } from "./websocket/backpressure.js";
import { UwsServer } from "./websocket/uws-server.js";
import { createV2Route } from "./websocket/v2-route.js";

const MAX_CATCH_UPS_AT_ONCE = 64;

/** One of each in the process; what belongs to a connection or a turn is made by these. */
interface Cradle {
  authenticate: Authenticate;
  checkOrigin: CheckOrigin;
  registry: ConnectionRegistry;
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
  chatRoutes: HttpRoute[];
  board: HeartbeatBoard;
  connectionWatch: ConnectionWatch;
  onRequest: ReturnType<typeof createRouter>;
  server: UwsServer;
  clientPort: ClientPort;
}

/** Builds the gateway; the components come in start order. */
export async function compose(base: ServiceBase<GatewayConfig>): Promise<Component[]> {
  const { bus, clock, config, logger, metrics } = base;
  const topology = { replicas: config.JETSTREAM_REPLICAS, storage: "file" } as const;
  const [queue, results, cancels] = await Promise.all([
    openTurnQueue(bus, topology),
    openTurnResults(bus, topology),
    openCancels(bus, topology),
  ]);
  const tracer = getTracer("gateway");
  const now = () => clock.now();
  const monotonicMs = () => clock.monotonicMs();
  const logError = (error: unknown) => logger.error({ err: error }, "something a client asked for failed");
  const logUsageError = (error: unknown) => logger.warn({ err: error }, "usage waits to be handed over");

  const container = createStrictContainer<Cradle>();
  container.register({
    authenticate: asFunction(() => createDevAuthenticate()).singleton(),
    checkOrigin: asFunction(() => createOriginCheck({ loopbackOnly: true })).singleton(),
    registry: asFunction(() => new ConnectionRegistry({ maxConnections: config.GATEWAY_MAX_CONNECTIONS })).singleton(),
    gatewayMetrics: asFunction(
      (cradle: Cradle) =>
        new GatewayMetrics({ metrics, registry: cradle.registry, viewers: () => cradle.viewers.size }),
    ).singleton(),
    feeds: asFunction(() => new SessionFeeds({ bus })).singleton(),
    catchUp: asFunction(({ gatewayMetrics }: Cradle) =>
      createCatchUp({
        bus,
        results,
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
    versionUsage: asFunction(() => new VersionUsage({ bus, clock, onError: logUsageError })).singleton(),
    submitTurn: asFunction(({ viewers, versionUsage }: Cradle) =>
      createSubmitTurn({ queue, viewers, usage: versionUsage, tracer, now }),
    ).singleton(),
    cancelTurn: asFunction(() => createCancelTurn({ bus, cancels, now })).singleton(),
    startHttpTurn: asFunction(({ submitTurn, cancelTurn, gatewayMetrics }: Cradle) =>
      createStartHttpTurn({ submitTurn, cancelTurn, metrics: gatewayMetrics, onError: logError }),
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
    chatRoutes: asFunction(({ startHttpTurn, cancelTurn, viewers, deprecation, versionUsage }: Cradle) =>
      createChatRoutes({
        bus,
        startHttpTurn,
        cancelTurn,
        viewers,
        deprecation,
        versionUsage,
        now,
        onError: logError,
      }),
    ).singleton(),
    board: asFunction(() => new HeartbeatBoard({ bus, now })).singleton(),
    connectionWatch: asFunction(
      ({ registry }: Cradle) =>
        new ConnectionWatch({
          registry,
          bus,
          slowConsumerTimeoutMs: config.GATEWAY_SLOW_CONSUMER_TIMEOUT_MS,
          busOutageTimeoutMs: config.GATEWAY_BUS_OUTAGE_TIMEOUT_MS,
          clock,
        }),
    ).singleton(),
    onRequest: asFunction(
      ({ authenticate, checkOrigin, chatRoutes, cancelTurn, viewers, gatewayMetrics, board, registry }: Cradle) =>
        createRouter({
          routes: [
            ...createHealthRoutes({ board, bus, registry, now }),
            ...chatRoutes,
            ...createTurnRoutes({ viewers, cancelTurn, metrics: gatewayMetrics }),
            ...createSessionRoutes({ bus }),
          ],
          authenticate,
          checkOrigin,
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
        onRequest,
        onFramesWritten: (frames) => gatewayMetrics.countFramesOut(frames),
      });
      server.addRoute(
        createV2Route({
          registry: cradle.registry,
          authenticate: cradle.authenticate,
          checkOrigin: cradle.checkOrigin,
          heartbeatMs: config.GATEWAY_HEARTBEAT_MS,
          limits: {
            maxMessageBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
            maxTurnsInFlight: config.GATEWAY_MAX_TURNS_IN_FLIGHT,
            maxAttachedSessions: config.GATEWAY_MAX_ATTACHED_SESSIONS,
            refusedFramesPerMinute: LIMITS.refusedFramesPerMinute,
          },
          submitTurn: cradle.submitTurn,
          cancelTurn: cradle.cancelTurn,
          viewers: cradle.viewers,
          feeds: cradle.feeds,
          metrics: gatewayMetrics,
          monotonicMs,
          onError: logError,
        }),
      );
      return server;
    }).singleton(),
    clientPort: asFunction(
      ({ server, registry }: Cradle) => new ClientPort({ server, registry, logger, now }),
    ).singleton(),
  });

  const { board, viewers, versionUsage, connectionWatch, clientPort } = container.cradle;
  return [board, viewers, versionUsage, connectionWatch, clientPort];
}
