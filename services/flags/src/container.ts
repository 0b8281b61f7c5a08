import { createStrictContainer, type Component, type ServiceBase } from "@ai-orchestra/service-kit";
import { openFlagBucket } from "@ai-orchestra/flags-engine";
import { asFunction } from "awilix";
import type { FlagsConfig } from "./config.js";
import { FlagEditor } from "./definitions/flag-editor.js";
import { FlagStore } from "./definitions/flag-store.js";
import { seedFlags } from "./definitions/seed-flags.js";
import { SegmentEditor } from "./definitions/segment-editor.js";
import { FlagImporter } from "./exchange/flag-importer.js";
import { FlagCalls } from "./flag-calls.js";
import { ExposureReports, openReportBucket } from "./reports/exposure-reports.js";
import { ScheduleRunner } from "./schedule/schedule-runner.js";

/** One of each in the process; nothing here belongs to a single call. */
interface Cradle {
  store: FlagStore;
  editor: FlagEditor;
  segmentEditor: SegmentEditor;
  importer: FlagImporter;
  reports: ExposureReports;
  scheduleRunner: ScheduleRunner;
  flagCalls: FlagCalls;
}

/** Builds the flags service; the components come in start order. */
export async function compose(base: ServiceBase<FlagsConfig>): Promise<Component[]> {
  const { bus, clock, config, logger } = base;
  const topology = { replicas: config.JETSTREAM_REPLICAS, storage: "file" } as const;
  const [flagBucket, reportBucket] = await Promise.all([
    openFlagBucket(bus, topology),
    openReportBucket(bus, topology),
  ]);
  const now = () => clock.now();

  const container = createStrictContainer<Cradle>();
  container.register({
    store: asFunction(() => new FlagStore({ bucket: flagBucket, logger, now })).singleton(),
    editor: asFunction(({ store }: Cradle) => new FlagEditor({ store, now })).singleton(),
    segmentEditor: asFunction(({ store }: Cradle) => new SegmentEditor({ store, now })).singleton(),
    importer: asFunction(({ store }: Cradle) => new FlagImporter({ store, logger, now })).singleton(),
    reports: asFunction(
      ({ store }: Cradle) =>
        new ExposureReports({
          bus,
          bucket: reportBucket,
          store,
          clock,
          logger,
          flushEveryMs: config.FLAG_REPORT_FLUSH_MS,
        }),
    ).singleton(),
    scheduleRunner: asFunction(
      ({ store }: Cradle) => new ScheduleRunner({ store, clock, logger, checkEveryMs: config.FLAG_SCHEDULE_CHECK_MS }),
    ).singleton(),
    flagCalls: asFunction(
      ({ store, editor, segmentEditor, importer, reports }: Cradle) =>
        new FlagCalls({ bus, store, editor, segmentEditor, importer, reports, now }),
    ).singleton(),
  });

  const { store, reports, scheduleRunner, flagCalls } = container.cradle;
  const seed: Component = { name: "default-flags", start: () => seedFlags(store, now) };
  return [store, seed, reports, scheduleRunner, flagCalls];
}
