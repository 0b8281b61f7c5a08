import { z } from "zod";

/** What a flag can be worth: what OpenFeature knows as boolean, string, number and structure. */
export const flagValueSchema = z.union([
  z.boolean(),
  z.string(),
  z.number(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);

/** What is known about whom a flag is evaluated for. Any other property can be asked for by constraints. */
export const evaluationContextSchema = z.object({ targetingKey: z.string().max(256).optional() }).catchall(z.unknown());

export type EvaluationContext = Readonly<Record<string, unknown>> & { readonly targetingKey?: string | undefined };

/** Why a value is what it is; the names are OpenFeature's. */
export const EVALUATION_REASONS = ["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "ERROR"] as const;

export type EvaluationReason = (typeof EVALUATION_REASONS)[number];

/** OpenFeature's error codes, those that can occur here. */
export const EVALUATION_ERRORS = [
  "FLAG_NOT_FOUND",
  "PARSE_ERROR",
  "TARGETING_KEY_MISSING",
  "INVALID_CONTEXT",
  "GENERAL",
] as const;

export type EvaluationErrorCode = (typeof EVALUATION_ERRORS)[number];

export const flagEvaluationSchema = z.object({
  value: flagValueSchema,
  variant: z.string().optional(),
  reason: z.enum(EVALUATION_REASONS),
  errorCode: z.enum(EVALUATION_ERRORS).optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

/** The outcome of an evaluation. With an `errorCode` the value is what the flag has for those who do not have it. */
export type FlagEvaluation = z.infer<typeof flagEvaluationSchema>;
