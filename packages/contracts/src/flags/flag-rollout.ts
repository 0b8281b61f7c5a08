import { z } from "zod";

const MAX_MEMBERS = 5_000;
const MAX_NAME_CHARS = 256;

/** A share of all users, from 0 to 100 in steps of 0.001. */
export const flagPercentageSchema = z
  .number()
  .min(0, "must be at least 0")
  .max(100, "must be at most 100")
  .refine((value) => Math.abs(value * 1_000 - Math.round(value * 1_000)) < 1e-6, "has more than three decimals");

const names = z.array(z.string().min(1).max(MAX_NAME_CHARS)).max(MAX_MEMBERS);
const members = {
  /** Targeting keys. */
  users: names.default([]),
  /** Compared with the context's `groups`. */
  groups: names.default([]),
};

const percentageRolloutSchema = z.strictObject({
  strategy: z.literal("percentage"),
  percentage: flagPercentageSchema,
});

/** Those who are listed, and then a share of everybody else. */
const allowlistRolloutSchema = z.strictObject({
  strategy: z.literal("allowlist"),
  ...members,
  percentage: flagPercentageSchema.default(0),
});

/** Everybody but those who are listed. */
const denylistRolloutSchema = z.strictObject({ strategy: z.literal("denylist"), ...members });

/** A share that grows: the percentage of the last step whose time has come, 0 before the first. */
const gradualRolloutSchema = z.strictObject({
  strategy: z.literal("gradual"),
  steps: z
    .array(z.strictObject({ at: z.iso.datetime({ offset: true }), percentage: flagPercentageSchema }))
    .min(1)
    .max(100)
    .superRefine((steps, context) => {
      for (const [index, step] of steps.entries()) {
        const before = steps[index - 1];
        if (before === undefined) continue;
        if (Date.parse(step.at) <= Date.parse(before.at)) {
          context.addIssue({ code: "custom", path: [index, "at"], message: "must be later than the step before" });
        }
        if (step.percentage < before.percentage) {
          context.addIssue({
            code: "custom",
            path: [index, "percentage"],
            message: "must not be lower than the step before: who is in stays in",
          });
        }
      }
    }),
});

/** The listed regions and servers, and then a share of the users elsewhere. */
const canaryRolloutSchema = z
  .strictObject({
    strategy: z.literal("canary"),
    /** Compared with the context's `region`. */
    regions: names.default([]),
    /** Compared with the context's `server`. */
    servers: names.default([]),
    percentage: flagPercentageSchema.default(0),
  })
  .refine(({ regions, servers }) => regions.length + servers.length > 0, {
    path: ["regions"],
    message: "a canary needs at least one region or server",
  });

/**
 * Rings from the innermost to the outermost. Who is in `upTo`, or in a ring before it, is in: by the context's `ring`,
 * or because the ring lists the user or one of the groups.
 */
const ringRolloutSchema = z
  .strictObject({
    strategy: z.literal("ring"),
    rings: z
      .array(z.strictObject({ name: z.string().min(1).max(64), ...members }))
      .min(1)
      .max(32),
    upTo: z.string(),
  })
  .superRefine(({ rings, upTo }, context) => {
    const known = rings.map(({ name }) => name);
    if (!known.includes(upTo)) {
      context.addIssue({ code: "custom", path: ["upTo"], message: `must be one of the rings: ${known.join(", ")}` });
    }
    for (const [index, name] of known.entries()) {
      if (known.indexOf(name) !== index) {
        context.addIssue({ code: "custom", path: ["rings", index, "name"], message: `there are two rings ${name}` });
      }
    }
  });

/** Who gets a conditional flag. */
export const flagRolloutSchema = z.discriminatedUnion(
  "strategy",
  [
    percentageRolloutSchema,
    allowlistRolloutSchema,
    denylistRolloutSchema,
    gradualRolloutSchema,
    canaryRolloutSchema,
    ringRolloutSchema,
  ],
  { error: unknownStrategy },
);

export type FlagRollout = z.output<typeof flagRolloutSchema>;

function unknownStrategy(issue: { code: string }): string | undefined {
  return issue.code === "invalid_union"
    ? "must be one of percentage, allowlist, denylist, gradual, canary, ring"
    : undefined;
}
