import { type Job, openCancels, openSystem, openTurnQueue, openTurnResults } from "@ai-orchestra/bus";
import { LIMITS, type TurnRequest } from "@ai-orchestra/contracts";
import { createFlagClient, type FlagClient } from "@ai-orchestra/flags-engine";
import { LEVEL_FACTS } from "@ai-orchestra/resilience";
import {
  BreakerReporter,
  type Component,
  createMemoryCalls,
  createStrictContainer,
  type GuardedCaller,
  LevelWatch,
  type ServiceBase,
} from "@ai-orchestra/service-kit";
import { type AwilixContainer, asFunction, asValue } from "awilix";
import { Answerer } from "./agents/answerer.js";
import { AnswerCache } from "./cache/answer-cache.js";
import { type CompletionMetrics, createCompletionMetrics } from "./completions/completion-metrics.js";
import { type CompletionRunner, createCompletionRunner } from "./completions/completion-runner.js";
import { ModelGuards } from "./completions/model-guards.js";
import { type OrchestratorConfig, readEnvironment } from "./config.js";
import { FeatureGates, type TurnGates } from "./gates/feature-gates.js";
import { ModelCatalog } from "./models/model-catalog.js";
import { ModelsService } from "./models/models-service.js";
import { CancelBoard } from "./turns/cancel-board.js";
import { EventLog } from "./turns/event-log.js";
import { LeaseKeeper } from "./turns/lease-keeper.js";
import { SessionInterrupter } from "./turns/session-interrupter.js";
import { createTurnClaimer } from "./turns/turn-claim.js";
import { TurnEvents } from "./turns/turn-events.js";
import { TurnExecution } from "./turns/turn-execution.js";
import { createTurnMetrics } from "./turns/turn-metrics.js";
import { TurnSettlement } from "./turns/turn-settlement.js";
import { TurnStop } from "./turns/turn-stop.js";
import { TurnWorker } from "./turns/turn-worker.js";

const RENEW_EVERY_MS = 1_500;
const LEASE_STALE_AFTER_MS = 4_000;
const AFTER_TURN_WAIT_MS = 10_000;
const STORE_TIMEOUT_MS = 30_000;
const HANDOVER_MARGIN_MS = 1_000;
const COALESCE_CHARS = 4_096;
const MAX_REMEMBERED_CANCELS = 100_000;

/** One of these in the process. */
interface Singletons {
  breakers: BreakerReporter;
  levelWatch: LevelWatch;
  flagClient: FlagClient;
  featureGates: FeatureGates;
  memoryCalls: GuardedCaller;
  modelCatalog: ModelCatalog;
  completionMetrics: CompletionMetrics;
  modelGuards: ModelGuards;
  completions: CompletionRunner;
  answerCache: AnswerCache;
  claimTurn: ReturnType<typeof createTurnClaimer>;
  sessionInterrupter: SessionInterrupter;
}

/** One of these in the scope of a turn. */
interface TurnScoped {
  job: Job<TurnRequest>;
  turnStop: TurnStop;
  eventLog: EventLog;
  turnEvents: TurnEvents;
  turnGates: TurnGates;
  leaseKeeper: LeaseKeeper;
  turnSettlement: TurnSettlement;
}

/** Made anew for whoever asks. */
interface Transients {
  turnExecution: TurnExecution;
  answerer: Answerer;
}

type Cradle = Singletons & TurnScoped & Transients;

/** Builds the orchestrator; the components come in start order. */
export async function compose(base: ServiceBase<OrchestratorConfig>): Promise<Component[]> {
  const { bus, clock, config, instance, logger, metrics } = base;
  const topology = { replicas: config.JETSTREAM_REPLICAS, storage: "file" } as const;
  const [turnQueue, turnResults, cancels, system] = await Promise.all([
    openTurnQueue(bus, topology),
    openTurnResults(bus, topology),
    openCancels(bus, topology),
    openSystem(bus, topology),
  ]);

  const cancelBoard = new CancelBoard({ cancels, maxRemembered: MAX_REMEMBERED_CANCELS });
  const container = createStrictContainer<Cradle>();
  container.register({
    modelCatalog: asFunction(() => new ModelCatalog({ env: readEnvironment(), clock, logger })).singleton(),
    breakers: asFunction(
      () => new BreakerReporter({ bus, clock, logger, metrics, service: "orchestrator", instance }),
    ).singleton(),
    levelWatch: asFunction(() => new LevelWatch({ bus, states: system.states, clock })).singleton(),
    flagClient: asFunction(() =>
      createFlagClient({
        bus,
        service: "orchestrator",
        instance,
        now: () => clock.now(),
        topology,
        onError: (error) => logger.warn({ err: error }, "flags cannot be watched yet"),
      }),
    ).singleton(),
    featureGates: asFunction(
      ({ flagClient, levelWatch }: Cradle) =>
        new FeatureGates({
          flagClient,
          isOffByLevel: (feature) => levelWatch.isOff(feature),
          region: config.ORCHESTRA_REGION,
          server: instance,
        }),
    ).singleton(),
    memoryCalls: asFunction(({ breakers }: Cradle) => createMemoryCalls({ bus, clock, breakers })).singleton(),
    completionMetrics: asFunction(() => createCompletionMetrics(metrics)).singleton(),
    modelGuards: asFunction(
      ({ breakers, completionMetrics, modelCatalog }: Cradle) =>
        new ModelGuards({
          clock,
          catalog: modelCatalog,
          breakers,
          probeIntervalMs: config.MODEL_PROBE_INTERVAL_MS,
          onCircuitChange: (model, isClosed) => completionMetrics.setCircuit(model, isClosed),
        }),
    ).singleton(),
    completions: asFunction(({ modelCatalog, modelGuards, completionMetrics, levelWatch, featureGates }: Cradle) =>
      createCompletionRunner({
        catalog: modelCatalog,
        guards: modelGuards,
        clock,
        logger,
        metrics: completionMetrics,
        areBreakersOff: () => featureGates.isOff("circuit_breakers"),
        readTimeoutFactor: () => LEVEL_FACTS[levelWatch.level].timeoutFactor,
      }),
    ).singleton(),
    answerCache: asFunction(
      ({ levelWatch }: Cradle) =>
        new AnswerCache({
          clock,
          maxEntries: config.ANSWER_CACHE_MAX_ENTRIES,
          maxBytes: config.ANSWER_CACHE_MAX_BYTES,
          readTtlMs: () => LEVEL_FACTS[levelWatch.level].cacheTtlMs,
        }),
    ).singleton(),
    claimTurn: asFunction(({ memoryCalls }: Cradle) =>
      createTurnClaimer({ bus: memoryCalls, clock, logger, turnResults, afterTurnWaitMs: AFTER_TURN_WAIT_MS }),
    ).singleton(),
    sessionInterrupter: asFunction(
      () => new SessionInterrupter({ bus, cancels, turnResults, clock, logger }),
    ).singleton(),

    turnStop: asFunction(() => new TurnStop()).scoped(),
    eventLog: asFunction(({ job }: Cradle) => new EventLog(turnOf(job))).scoped(),
    turnEvents: asFunction(
      ({ eventLog, job }: Cradle) =>
        new TurnEvents({
          bus,
          clock,
          log: eventLog,
          turn: turnOf(job),
          coalesceMs: config.TURN_COALESCE_MS,
          coalesceChars: COALESCE_CHARS,
        }),
    ).scoped(),
    turnGates: asFunction(({ featureGates, job }: Cradle) => featureGates.open(job.data)).scoped(),
    leaseKeeper: asFunction(
      ({ job, turnStop, memoryCalls }: Cradle) =>
        new LeaseKeeper({
          bus: memoryCalls,
          clock,
          logger,
          job,
          turn: keyOf(job),
          turnStop,
          renewEveryMs: RENEW_EVERY_MS,
          staleAfterMs: LEASE_STALE_AFTER_MS,
        }),
    ).scoped(),
    turnSettlement: asFunction(
      ({ job, turnEvents, memoryCalls }: Cradle) =>
        new TurnSettlement({
          bus: memoryCalls,
          clock,
          logger,
          turnResults,
          job,
          turnEvents,
          commitTimeoutMs: config.TURN_COMMIT_TIMEOUT_MS,
          storeTimeoutMs: STORE_TIMEOUT_MS,
        }),
    ).scoped(),
    turnExecution: asFunction(
      (cradle: Cradle) =>
        new TurnExecution({
          bus,
          clock,
          logger,
          job: cradle.job,
          modelCatalog: cradle.modelCatalog,
          answerer: cradle.answerer,
          cancelBoard,
          eventLog: cradle.eventLog,
          leaseKeeper: cradle.leaseKeeper,
          sessionInterrupter: cradle.sessionInterrupter,
          claimTurn: cradle.claimTurn,
          levelWatch: cradle.levelWatch,
          turnEvents: cradle.turnEvents,
          turnGates: cradle.turnGates,
          turnSettlement: cradle.turnSettlement,
          turnStop: cradle.turnStop,
        }),
    ).transient(),
    answerer: asFunction(
      ({ completions, turnEvents, answerCache, modelCatalog }: Cradle) =>
        new Answerer({
          completions,
          turnEvents,
          clock,
          maxOutputBytes: LIMITS.maxOutputBytes,
          answerCache,
          modelCatalog,
        }),
    ).transient(),
  });

  const { breakers, flagClient, featureGates, levelWatch, memoryCalls, modelCatalog, modelGuards } = container.cradle;
  const turnWorker = new TurnWorker({
    turnQueue,
    openTurn: (job) => openTurn(container, job),
    clock,
    logger,
    turnMetrics: createTurnMetrics(metrics, { isDetailed: () => !featureGates.isOff("enhanced_metrics") }),
    slots: config.ORCHESTRATOR_SLOTS,
    handoverMarginMs: HANDOVER_MARGIN_MS,
  });
  const guards = [breakers, levelWatch, flagClient, memoryCalls, modelGuards];
  return [...guards, new ModelsService({ bus, modelCatalog }), cancelBoard, turnWorker];
}

function openTurn(container: AwilixContainer<Cradle>, job: Job<TurnRequest>) {
  const scope = container.createScope<Cradle>();
  scope.register({ job: asValue(job) });
  return { execution: scope.cradle.turnExecution, turnStop: scope.cradle.turnStop };
}

function keyOf({ data: { owner, sessionId, turnId } }: Job<TurnRequest>) {
  return { owner, sessionId, turnId };
}

function turnOf(job: Job<TurnRequest>) {
  return { ...keyOf(job), attempt: job.deliveryCount };
}
