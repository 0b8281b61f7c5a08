import { z } from "zod";
import { flagKeySchema } from "../flags/flag-definition.js";

/** Entries in one message, at most. */
export const MAX_EXPOSURES_PER_BATCH = 500;

const assignment = { flag: flagKeySchema, variant: z.string().max(64) };

/** Somebody was given a variant by chance. */
export const flagExposureSchema = z.object({
  ...assignment,
  /** The targeting key. */
  unit: z.string().max(256),
  /** Revision of the definition that decided. */
  revision: z.int().nonnegative(),
  /** Epoch milliseconds. */
  at: z.number(),
});

export type FlagExposure = z.infer<typeof flagExposureSchema>;

/** How what somebody did with a variant ended. */
export const flagOutcomeSchema = z.object({
  ...assignment,
  outcome: z.enum(["completed", "failed", "cancelled"]),
  latencyMs: z.number().nonnegative().optional(),
  /** Delivery score from 0 to 1. */
  qualityScore: z.number().min(0).max(1).optional(),
});

export type FlagOutcome = z.infer<typeof flagOutcomeSchema>;

/**
 * Published on `flags.exposures`, without acknowledgement: analysis lives with a lost batch, a turn does not wait for it.
 */
export const flagExposureBatchSchema = z.object({
  service: z.string().max(64),
  instance: z.string().max(64),
  exposures: z.array(flagExposureSchema).max(MAX_EXPOSURES_PER_BATCH),
  outcomes: z.array(flagOutcomeSchema).max(MAX_EXPOSURES_PER_BATCH),
  /** Entries that were left out since the batch before, because there were too many. */
  dropped: z.int().nonnegative(),
});

export type FlagExposureBatch = z.infer<typeof flagExposureBatchSchema>;

/** What one variant of a flag brought. Counts are since `since` of the report. */
export const flagVariantReportSchema = z.object({
  variant: z.string(),
  exposures: z.int().nonnegative(),
  /** Distinct targeting keys; an estimate (standard error 1.6 %). */
  units: z.int().nonnegative(),
  outcomes: z.object({ completed: z.int(), failed: z.int(), cancelled: z.int() }),
  /** Over the outcomes that told it; null when none did. */
  meanLatencyMs: z.number().nullable(),
  meanQualityScore: z.number().nullable(),
});

export type FlagVariantReport = z.infer<typeof flagVariantReportSchema>;

export const flagReportSchema = z.object({
  flag: flagKeySchema,
  /** ISO 8601; null when nothing was counted yet. */
  since: z.iso.datetime().nullable(),
  variants: z.array(flagVariantReportSchema),
});

export type FlagReport = z.infer<typeof flagReportSchema>;
