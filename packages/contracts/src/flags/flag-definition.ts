import { z } from "zod";
import { flagConstraintsSchema } from "./flag-constraint.js";
import { flagValueSchema } from "./flag-evaluation.js";
import { flagPercentageSchema, flagRolloutSchema } from "./flag-rollout.js";

/** Bounds of the flags of one mesh: all of them together fit one message of the bus. */
export const FLAG_LIMITS = {
  flags: 1_000,
  segments: 200,
  /** UTF-8 bytes of one definition as JSON. */
  definitionBytes: 65_536,
  /** UTF-8 bytes of all definitions as JSON. */
  totalBytes: 393_216,
  /** Revisions of a flag that are kept. */
  history: 64,
  /** Prerequisites that evaluating one flag may ask, theirs included. */
  prerequisiteEvaluations: 64,
} as const;

const NAME_PATTERN = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const NAME_MESSAGE = "must be letters, digits, _ and -, in parts that dots may separate";

/** Paths below `/admin/flags` that mean something else. */
const RESERVED_KEYS: readonly string[] = ["export", "import"];

/** Key of a flag. It stands in paths and in keys of the bus. */
export const flagKeySchema = z
  .string()
  .min(1)
  .max(100)
  .regex(NAME_PATTERN, NAME_MESSAGE)
  .refine((key) => !RESERVED_KEYS.includes(key), "is a word that no flag may be called");

export const segmentNameSchema = z.string().min(1).max(100).regex(NAME_PATTERN, NAME_MESSAGE);

export const flagStatusSchema = z.enum(["enabled", "disabled", "conditional"], {
  error: "must be one of enabled, disabled, conditional",
});

export type FlagStatus = z.infer<typeof flagStatusSchema>;

/** A named set of users that several flags can refer to: those for whom all constraints hold. */
export const flagSegmentSchema = z.strictObject({
  name: segmentNameSchema,
  description: z.string().max(1_000).optional(),
  constraints: flagConstraintsSchema.min(1),
});

export type FlagSegment = z.output<typeof flagSegmentSchema>;

/** One of several values that users are split over. */
export const flagVariantSchema = z.strictObject({
  name: z.string().min(1).max(64),
  value: flagValueSchema,
  /** Share of those who have the flag; the weights of a flag add up to 100. */
  weight: flagPercentageSchema,
});

export type FlagVariant = z.output<typeof flagVariantSchema>;

/** What a definition is about, without its key and its scheduled changes. */
const changeable = {
  description: z.string().max(1_000).optional(),
  /** `enabled`: on for everybody; `disabled`: off; `conditional`: on for whom targeting and rollout choose. */
  status: flagStatusSchema,
  /** Off for everybody, whatever else the definition says, until it is taken back. */
  killSwitch: z.boolean().default(false),
  /** Conditional flags: all must hold. */
  constraints: flagConstraintsSchema.default([]),
  /** Conditional flags: the user must be in one of these, where there are any. */
  segments: z.array(segmentNameSchema).max(32).default([]),
  /** Conditional flags: who of the targeted users has it. Absent: all of them. */
  rollout: flagRolloutSchema.optional(),
  /** Other flags that must be on, and have the variant where one is named. */
  prerequisites: z
    .array(z.strictObject({ flag: flagKeySchema, variant: z.string().max(64).optional() }))
    .max(16)
    .default([]),
  /** Without variants a flag is `true` where it is on (variant `on`) and `false` where it is off (variant `off`). */
  variants: z.array(flagVariantSchema).max(32).default([]),
  /** The variant of those who do not have the flag. Needed where the variants are not booleans. */
  offVariant: z.string().max(64).optional(),
  tags: z.array(z.string().min(1).max(64)).max(32).default([]),
} as const;

const changesSchema = z.strictObject({
  status: flagStatusSchema.optional(),
  killSwitch: z.boolean().optional(),
  constraints: flagConstraintsSchema.optional(),
  segments: z.array(segmentNameSchema).max(32).optional(),
  rollout: flagRolloutSchema.optional(),
});

/** A change that takes place by itself at its time. */
export const scheduledChangeSchema = z.strictObject({
  at: z.iso.datetime({ offset: true }),
  set: changesSchema.refine((changes) => Object.keys(changes).length > 0, "changes nothing"),
});

export type ScheduledChange = z.output<typeof scheduledChangeSchema>;

/** A feature flag. */
export const flagDefinitionSchema = z
  .strictObject({
    key: flagKeySchema,
    ...changeable,
    /** Changes to come; each leaves the list when it is made. */
    schedule: z.array(scheduledChangeSchema).max(32).default([]),
  })
  .superRefine(checkVariants);

export type FlagDefinition = z.output<typeof flagDefinitionSchema>;
export type FlagDefinitionInput = z.input<typeof flagDefinitionSchema>;

function checkVariants(
  { variants, offVariant }: { variants: FlagVariant[]; offVariant?: string | undefined },
  context: z.RefinementCtx,
): void {
  const fail = (path: (string | number)[], message: string): void => {
    context.addIssue({ code: "custom", path, message });
  };
  const [first] = variants;
  if (first === undefined) {
    if (offVariant !== undefined) fail(["offVariant"], "there are no variants");
    return;
  }
  const names = variants.map(({ name }) => name);
  for (const [index, { name, value }] of variants.entries()) {
    if (names.indexOf(name) !== index) fail(["variants", index, "name"], `there are two variants ${name}`);
    if (kindOf(value) !== kindOf(first.value)) {
      fail(["variants", index, "value"], `is ${kindOf(value)}, but the first variant's is ${kindOf(first.value)}`);
    }
  }
  const sum = variants.reduce((total, { weight }) => total + Math.round(weight * 1_000), 0);
  if (sum !== 100_000) fail(["variants"], `the weights add up to ${sum / 1_000}, not to 100`);
  if (offVariant === undefined) {
    if (kindOf(first.value) !== "boolean") {
      fail(["offVariant"], "is needed, since the variants are not booleans: name the one that means off");
    }
  } else if (!names.includes(offVariant)) {
    fail(["offVariant"], `must be one of the variants: ${names.join(", ")}`);
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}
