import type { Bus, KvChange, KvWatch, TopologyOptions } from "@ai-orchestra/bus";
import type { EvaluationContext, FlagEvaluation, FlagOutcome, StoredFlag } from "@ai-orchestra/contracts";
import { DEFAULT_FLAGS } from "../default-flags.js";
import { evaluate } from "../evaluate.js";
import { FlagSet } from "../flag-set.js";
import { ExposureBuffer } from "./exposure-buffer.js";
import { openFlagBucket } from "./open-flag-bucket.js";

/** How long `start` waits for the definitions; after that the defaults stand until they come. */
const START_TIMEOUT_MS = 2_000;
const REOPEN_DELAY_MS = 1_000;

export interface FlagClientOptions {
  readonly bus: Bus;
  /** Name of the service that asks, for exposures. */
  readonly service: string;
  readonly instance: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly topology?: TopologyOptions;
  /** Hears why the definitions cannot be watched yet; the client tries again by itself. */
  readonly onError: (error: unknown) => void;
}

/** What the orchestra's services need of flags. */
export interface FlagClient {
  readonly name: "flag-client";
  /** Watches the definitions and resolves when they are known, or after 2 s. */
  start(): Promise<void>;
  stop(): void;
  /** Evaluates in this process. Whoever is given a variant by chance is counted as exposed. Never throws. */
  evaluate(key: string, context: EvaluationContext): FlagEvaluation;
  /** Evaluates without counting. */
  peek(key: string, context: EvaluationContext): FlagEvaluation;
  /** Says how something that a variant had a part in ended. */
  recordOutcome(outcome: FlagOutcome): void;
  /** Keys of all flags. */
  keys(): string[];
  /** Grows with every change of a definition. */
  readonly revision: number;
  /** Called after every change of a definition; returns the function that ends it. */
  onChange(listener: () => void): () => void;
}

/**
 * Keeps every flag's definition in this process: the product's defaults at first, then what the bucket has. While the
 * bus or the flags service is away, flags are evaluated with the last definitions that were seen.
 */
export function createFlagClient(options: FlagClientOptions): FlagClient {
  const flagSet = new FlagSet(options);
  for (const flag of DEFAULT_FLAGS) flagSet.put(flag, 0);
  const exposures = new ExposureBuffer(options);
  const listeners = new Set<() => void>();
  let revision = 0;
  let watch: KvWatch<StoredFlag> | undefined;
  let opening: Promise<void> | undefined;
  let state: "idle" | "started" | "stopped" = "idle";
  let reopenTimer: NodeJS.Timeout | undefined;

  const apply = (change: KvChange<StoredFlag>): void => {
    applyStored(flagSet, change.key, change.operation === "put" ? change.value : undefined, change.revision);
    revision = Math.max(revision, change.revision);
    for (const listener of listeners) listener();
  };
  const open = async (): Promise<void> => {
    try {
      const bucket = await openFlagBucket(options.bus, options.topology);
      if (state !== "started") return;
      watch = bucket.watch(apply);
      await watch.ready;
    } catch (error) {
      options.onError(error);
      if (state !== "started") return;
      reopenTimer = setTimeout(() => {
        opening = open();
      }, REOPEN_DELAY_MS).unref();
    }
  };

  return {
    name: "flag-client",
    start: async () => {
      if (state !== "started") {
        state = "started";
        exposures.start();
        opening = open();
      }
      await settleWithin(opening, START_TIMEOUT_MS);
    },
    stop: () => {
      state = "stopped";
      clearTimeout(reopenTimer);
      watch?.stop();
      watch = undefined;
      exposures.stop();
    },
    evaluate: (key, context) => {
      const evaluation = evaluate(flagSet, key, context);
      if (evaluation.reason === "SPLIT" && evaluation.variant !== undefined && context.targetingKey !== undefined) {
        exposures.addExposure({
          flag: key,
          variant: evaluation.variant,
          unit: context.targetingKey,
          revision: Number(evaluation.metadata["revision"]),
          at: options.now(),
        });
      }
      return evaluation;
    },
    peek: (key, context) => evaluate(flagSet, key, context),
    recordOutcome: (outcome) => exposures.addOutcome(outcome),
    keys: () => flagSet.keys(),
    get revision() {
      return revision;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Brings what the bucket has under a key into a set of flags; undefined: nothing any more. */
export function applyStored(
  flagSet: FlagSet,
  bucketKey: string,
  stored: StoredFlag | undefined,
  revision: number,
): void {
  const [, kind, name] = /^(flag|segment)\.(.+)$/.exec(bucketKey) ?? [];
  if (kind === undefined || name === undefined) return;
  if (kind === "flag") {
    if (stored?.kind === "flag" && stored.flag !== null) flagSet.put(stored.flag, revision);
    else flagSet.remove(name);
  } else if (stored?.kind === "segment" && stored.segment !== null) flagSet.putSegment(stored.segment);
  else flagSet.removeSegment(name);
}

async function settleWithin(promise: Promise<void> | undefined, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
