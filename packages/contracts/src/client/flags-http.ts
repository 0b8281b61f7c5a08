import { z } from "zod";
import { flagChangeSchema, flagFormatSchema } from "../bus/flags.js";
import { flagDefinitionSchema, flagKeySchema, flagSegmentSchema } from "../flags/flag-definition.js";

const changeAnswerSchema = flagChangeSchema.extend({ at: z.iso.datetime() });

/** A flag as the admin API answers it; `revision` is its ETag. */
export const flagAnswerSchema = z.object({
  flag: flagDefinitionSchema,
  revision: z.int(),
  change: changeAnswerSchema,
});

export const segmentAnswerSchema = z.object({
  segment: flagSegmentSchema,
  revision: z.int(),
  change: changeAnswerSchema,
});

export const flagListAnswerSchema = z.object({ flags: z.array(flagAnswerSchema) });
export const segmentListAnswerSchema = z.object({ segments: z.array(segmentAnswerSchema) });

export const flagHistoryAnswerSchema = z.object({
  entries: z.array(
    z.object({
      revision: z.int(),
      change: changeAnswerSchema,
      /** Null where there was no flag. */
      before: flagDefinitionSchema.nullable(),
      after: flagDefinitionSchema.nullable(),
    }),
  ),
});

/** `PATCH /admin/flags/{key}`: fields of a definition; `null` takes one away. */
export const flagChangesSchema = z.record(z.string(), z.unknown());

/** All flags and segments; the import also takes an Unleash feature export. */
export const flagDocumentSchema = z.object({
  version: z.literal(1),
  flags: z.array(flagDefinitionSchema),
  segments: z.array(flagSegmentSchema).default([]),
});

/** `POST /admin/flags/{key}/rollback`. */
export const flagRollbackSchema = z.object({ revision: z.int().positive() });

/** `POST /admin/feature-flags`, as the first version had it. */
export const featureFlagSwitchSchema = z.object({ flag: flagKeySchema, enabled: z.boolean() });

export const featureFlagSwitchAnswerSchema = z.object({
  flag: flagKeySchema,
  enabled: z.boolean(),
  revision: z.int(),
});

export const flagExportQuerySchema = z.object({ format: flagFormatSchema.default("json") });

export const flagImportQuerySchema = z.object({
  format: flagFormatSchema.default("json"),
  /** Only say what would happen. */
  dryRun: z.stringbool().default(false),
});
