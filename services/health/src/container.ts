import { openSystem } from "@ai-orchestra/bus";
import { DEFAULT_DEGRADATION_TIMING } from "@ai-orchestra/resilience";
import { BreakerReporter, createStrictContainer, type Component, type ServiceBase } from "@ai-orchestra/service-kit";
import { asFunction } from "awilix";
import { createDescribeHealth, type DescribeHealth } from "./calls/describe-health.js";
import { HealthCalls } from "./calls/health-calls.js";
import { OverviewPublisher } from "./calls/overview-publisher.js";
import { HealthBoard } from "./components/health-board.js";
import type { HealthConfig } from "./config.js";
import { DegradationController } from "./degradation/degradation-controller.js";
import { Leadership } from "./degradation/leadership.js";
import { SystemRecord } from "./degradation/system-record.js";
import { FactFeed } from "./facts/fact-feed.js";
import { InstanceBoard } from "./facts/instance-board.js";
import { ServiceDirectory } from "./facts/service-directory.js";
import { createHealthMetrics, type HealthMetrics } from "./health-metrics.js";

/** One of each in the process. */
interface Cradle {
  healthMetrics: HealthMetrics;
  breakers: BreakerReporter;
  board: InstanceBoard;
  factFeed: FactFeed;
  directory: ServiceDirectory;
  healthBoard: HealthBoard;
  leadership: Leadership;
  record: SystemRecord;
  controller: DegradationController;
  describeHealth: DescribeHealth;
  overviewPublisher: OverviewPublisher;
  healthCalls: HealthCalls;
}

/** Builds the health service; the components come in start order. */
export async function compose(base: ServiceBase<HealthConfig>): Promise<Component[]> {
  const { bus, clock, config, instance, logger, metrics } = base;
  const bucket = await openSystem(bus, { replicas: config.JETSTREAM_REPLICAS, storage: "file" });

  const container = createStrictContainer<Cradle>();
  container.register({
    healthMetrics: asFunction(() => createHealthMetrics(metrics)).singleton(),
    breakers: asFunction(
      () => new BreakerReporter({ bus, clock, logger, metrics, service: "health", instance }),
    ).singleton(),
    board: asFunction(
      () => new InstanceBoard({ clock, self: instance, lostAfterMs: config.HEALTH_LOST_AFTER_MS }),
    ).singleton(),
    factFeed: asFunction(({ board }: Cradle) => new FactFeed({ bus, board })).singleton(),
    directory: asFunction(
      ({ breakers }: Cradle) =>
        new ServiceDirectory({ bus, clock, logger, breakers, intervalMs: config.HEALTH_DISCOVERY_INTERVAL_MS }),
    ).singleton(),
    healthBoard: asFunction(
      ({ board, directory }: Cradle) =>
        new HealthBoard({
          board,
          directory,
          clock,
          expectedServices: config.HEALTH_EXPECTED_SERVICES,
          startGraceMs: config.HEALTH_START_GRACE_MS,
        }),
    ).singleton(),
    leadership: asFunction(() => new Leadership({ leaders: bucket.leaders, clock, logger, instance })).singleton(),
    record: asFunction(() => new SystemRecord({ bucket })).singleton(),
    controller: asFunction(
      ({ healthBoard, leadership, record, healthMetrics }: Cradle) =>
        new DegradationController({
          healthBoard,
          leadership,
          record,
          clock,
          logger,
          metrics: healthMetrics,
          timing: {
            ...DEFAULT_DEGRADATION_TIMING,
            worsenAfterMs: config.HEALTH_WORSEN_AFTER_MS,
            improveAfterMs: config.HEALTH_IMPROVE_AFTER_MS,
            dwellMs: config.HEALTH_DWELL_MS,
          },
        }),
    ).singleton(),
    describeHealth: asFunction(({ healthBoard, controller, record, leadership }: Cradle) =>
      createDescribeHealth({ healthBoard, controller, record, leadership, clock, instance }),
    ).singleton(),
    overviewPublisher: asFunction(
      ({ leadership, describeHealth }: Cradle) =>
        new OverviewPublisher({ bus, clock, logger, leadership, describeHealth }),
    ).singleton(),
    healthCalls: asFunction(
      ({ record, describeHealth }: Cradle) => new HealthCalls({ bus, clock, record, describeHealth }),
    ).singleton(),
  });

  const { breakers, factFeed, directory, controller, overviewPublisher, healthCalls } = container.cradle;
  return [breakers, factFeed, directory, controller, overviewPublisher, healthCalls];
}
