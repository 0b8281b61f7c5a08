import { z } from "zod";
import { errorDetailSchema } from "../errors.js";
import { flagDefinitionSchema, flagKeySchema, flagSegmentSchema, segmentNameSchema } from "../flags/flag-definition.js";
import { evaluationContextSchema, flagEvaluationSchema } from "../flags/flag-evaluation.js";
import { defineCall } from "./call-contract.js";
import { flagReportSchema } from "./flag-exposures.js";

/** Who changed something, when and how: it is stored with what changed, so that neither can be without the other. */
export const flagChangeSchema = z.object({
  action: z.enum(["create", "update", "delete", "rollback", "import", "schedule"]),
  /** Client id, or the name of the service. */
  by: z.string().max(256),
  /** Epoch milliseconds. */
  at: z.number(),
  /** The revision that a rollback brought back. */
  restored: z.int().optional(),
});

export type FlagChange = z.infer<typeof flagChangeSchema>;

/** A value of the bucket `flags`, under `flag.<key>` or `segment.<name>`. `null`: it was deleted, by whom `change` says. */
export const storedFlagSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("flag"), flag: flagDefinitionSchema.nullable(), change: flagChangeSchema }),
  z.object({ kind: z.literal("segment"), segment: flagSegmentSchema.nullable(), change: flagChangeSchema }),
]);

export type StoredFlag = z.infer<typeof storedFlagSchema>;

export const flagBucketKeys = {
  flag: (key: string): string => `flag.${key}`,
  segment: (name: string): string => `segment.${name}`,
} as const;

/** A flag with the revision that its ETag shows. */
export const flagRecordSchema = z.object({
  flag: flagDefinitionSchema,
  revision: z.int().positive(),
  change: flagChangeSchema,
});

export type FlagRecord = z.infer<typeof flagRecordSchema>;

export const segmentRecordSchema = z.object({
  segment: flagSegmentSchema,
  revision: z.int().positive(),
  change: flagChangeSchema,
});

export type SegmentRecord = z.infer<typeof segmentRecordSchema>;

const writer = { by: z.string().min(1).max(256) };
/** `conflict` unless this is the newest revision; 0: there must be none. Absent: whatever is there. */
const expectedRevision = { expectedRevision: z.int().nonnegative().optional() };

export const flagsList = defineCall({
  subject: "flags.list",
  request: z.object({}),
  response: z.object({ flags: z.array(flagRecordSchema), segments: z.array(segmentRecordSchema) }),
  timeoutMs: 3_000,
});

export const flagsGet = defineCall({
  subject: "flags.get",
  request: z.object({ key: flagKeySchema }),
  response: flagRecordSchema,
  timeoutMs: 3_000,
});

/** Creates or replaces a flag. `flag` is a definition's input; what is wrong with it comes back as paths inside of it. */
export const flagsPut = defineCall({
  subject: "flags.put",
  request: z.object({ key: flagKeySchema, flag: z.unknown(), ...expectedRevision, ...writer }),
  response: flagRecordSchema.extend({ created: z.boolean() }),
  timeoutMs: 5_000,
});

/** Replaces the named fields of a definition and leaves the others; `null` takes a field away. */
export const flagsPatch = defineCall({
  subject: "flags.patch",
  request: z.object({ key: flagKeySchema, changes: z.record(z.string(), z.unknown()), ...expectedRevision, ...writer }),
  response: flagRecordSchema,
  timeoutMs: 5_000,
});

export const flagsDelete = defineCall({
  subject: "flags.delete",
  request: z.object({ key: flagKeySchema, ...expectedRevision, ...writer }),
  response: z.object({ deleted: z.boolean() }),
  timeoutMs: 5_000,
});

export const flagHistoryEntrySchema = z.object({
  revision: z.int().positive(),
  change: flagChangeSchema,
  /** Null where there was no flag. The oldest entry that is kept may have lost what was before it. */
  before: flagDefinitionSchema.nullable(),
  after: flagDefinitionSchema.nullable(),
});

/** The newest 64 changes of a flag, newest first, also of one that was deleted. */
export const flagsHistory = defineCall({
  subject: "flags.history",
  request: z.object({ key: flagKeySchema }),
  response: z.object({ entries: z.array(flagHistoryEntrySchema) }),
  timeoutMs: 5_000,
});

/** Makes the definition of an earlier revision the newest one. */
export const flagsRollback = defineCall({
  subject: "flags.rollback",
  request: z.object({ key: flagKeySchema, revision: z.int().positive(), ...expectedRevision, ...writer }),
  response: flagRecordSchema,
  timeoutMs: 5_000,
});

export const flagsEvaluate = defineCall({
  subject: "flags.evaluate",
  request: z.object({ key: flagKeySchema, context: evaluationContextSchema }),
  response: flagEvaluationSchema,
  timeoutMs: 1_000,
});

export const flagFormatSchema = z.enum(["json", "unleash"]);

export type FlagFormat = z.infer<typeof flagFormatSchema>;

export const flagsExport = defineCall({
  subject: "flags.export",
  request: z.object({ format: flagFormatSchema }),
  /** `lossy`: what the format cannot say, by flag. */
  response: z.object({ document: z.unknown(), lossy: z.array(errorDetailSchema) }),
  timeoutMs: 5_000,
});

/** Writes all of a document or, when anything in it is wrong, nothing: `invalid_request` then lists what is wrong. */
export const flagsImport = defineCall({
  subject: "flags.import",
  request: z.object({
    format: flagFormatSchema,
    document: z.unknown(),
    /** Only say what would happen. */
    dryRun: z.boolean().default(false),
    ...writer,
  }),
  response: z.object({
    created: z.array(z.string()),
    updated: z.array(z.string()),
    unchanged: z.array(z.string()),
    /** What of the document was left out because flags here cannot say it. */
    ignored: z.array(errorDetailSchema),
  }),
  timeoutMs: 20_000,
});

export const flagsSegmentPut = defineCall({
  subject: "flags.segments.put",
  request: z.object({ name: segmentNameSchema, segment: z.unknown(), ...expectedRevision, ...writer }),
  response: segmentRecordSchema.extend({ created: z.boolean() }),
  timeoutMs: 5_000,
});

/** `conflict` while a flag refers to it. */
export const flagsSegmentDelete = defineCall({
  subject: "flags.segments.delete",
  request: z.object({ name: segmentNameSchema, ...expectedRevision, ...writer }),
  response: z.object({ deleted: z.boolean() }),
  timeoutMs: 5_000,
});

/** Exposures and outcomes of a flag's variants, over all services. */
export const flagsReport = defineCall({
  subject: "flags.report",
  request: z.object({ key: flagKeySchema }),
  response: flagReportSchema,
  timeoutMs: 5_000,
});
