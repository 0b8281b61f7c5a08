import type { Bus, ServedCall } from "@ai-orchestra/bus";
import {
  flagsDelete,
  flagsEvaluate,
  flagsExport,
  flagsGet,
  flagsHistory,
  flagsImport,
  flagsList,
  flagsPatch,
  flagsPut,
  flagsReport,
  flagsRollback,
  flagsSegmentDelete,
  flagsSegmentPut,
  OrchestraError,
  type FlagFormat,
} from "@ai-orchestra/contracts";
import { evaluate } from "@ai-orchestra/flags-engine";
import type { FlagEditor } from "./definitions/flag-editor.js";
import type { FlagStore } from "./definitions/flag-store.js";
import { readHistory } from "./definitions/read-history.js";
import type { SegmentEditor } from "./definitions/segment-editor.js";
import { DOCUMENT_VERSION } from "./exchange/flag-document.js";
import type { FlagImporter } from "./exchange/flag-importer.js";
import { writeUnleashDocument } from "./exchange/unleash-export.js";
import type { ExposureReports } from "./reports/exposure-reports.js";

/** What an answer needs beside its entries. */
const ENVELOPE_BYTES = 16_384;

export interface FlagCallsOptions {
  readonly bus: Bus;
  readonly store: FlagStore;
  readonly editor: FlagEditor;
  readonly segmentEditor: SegmentEditor;
  readonly importer: FlagImporter;
  readonly reports: ExposureReports;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Answers every call of the flag contracts; replicas share them. */
export class FlagCalls {
  readonly name = "flag-calls";
  readonly endpoints = [
    flagsList,
    flagsGet,
    flagsPut,
    flagsPatch,
    flagsDelete,
    flagsHistory,
    flagsRollback,
    flagsEvaluate,
    flagsExport,
    flagsImport,
    flagsSegmentPut,
    flagsSegmentDelete,
    flagsReport,
  ].map(({ subject }) => subject);
  readonly #o: FlagCallsOptions;
  #served: ServedCall[] = [];

  constructor(o: FlagCallsOptions) {
    this.#o = o;
  }

  start(): void {
    const { bus, store, editor, segmentEditor, importer, reports } = this.#o;
    if (this.#served.length > 0) return;
    this.#served = [
      bus.serve(flagsList, () => ({ flags: store.listFlags(), segments: store.listSegments() })),
      bus.serve(flagsGet, ({ key }) => editor.get(key)),
      bus.serve(flagsPut, (request) => editor.put(request)),
      bus.serve(flagsPatch, (request) => editor.patch(request)),
      bus.serve(flagsDelete, async (request) => ({ deleted: await editor.delete(request) })),
      bus.serve(flagsHistory, async ({ key }) => ({
        entries: await readHistory(store, key, bus.maxPayloadBytes - ENVELOPE_BYTES),
      })),
      bus.serve(flagsRollback, (request) => editor.rollback(request)),
      bus.serve(flagsEvaluate, ({ key, context }) => evaluate(store.flagSet, key, context)),
      bus.serve(flagsExport, ({ format }) => this.#export(format)),
      bus.serve(flagsImport, (request) => importer.import(request)),
      bus.serve(flagsSegmentPut, (request) => segmentEditor.put(request)),
      bus.serve(flagsSegmentDelete, async (request) => ({ deleted: await segmentEditor.delete(request) })),
      bus.serve(flagsReport, ({ key }) => {
        if (store.findFlag(key) === undefined) throw new OrchestraError("not_found", `there is no flag ${key}`);
        return reports.read(key);
      }),
    ];
  }

  async stop(): Promise<void> {
    const served = this.#served;
    this.#served = [];
    await Promise.all(served.map((call) => call.stop()));
  }

  #export(format: FlagFormat) {
    const flags = this.#o.store.listFlags().map(({ flag }) => flag);
    const segments = this.#o.store.listSegments().map(({ segment }) => segment);
    if (format === "unleash") return writeUnleashDocument(flags, segments, this.#o.now());
    return { document: { version: DOCUMENT_VERSION, flags, segments }, lossy: [] };
  }
}
