import { z } from "zod";
import {
  EVALUATION_ERRORS,
  EVALUATION_REASONS,
  evaluationContextSchema,
  flagValueSchema,
} from "../flags/flag-evaluation.js";

/** Schemas of the OpenFeature Remote Evaluation Protocol 0.3 (open-feature/protocol, service/openapi.yaml). */
export const ofrepRequestSchema = z.object({ context: evaluationContextSchema });

const metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const ofrepSuccessSchema = z.object({
  key: z.string(),
  value: flagValueSchema,
  reason: z.enum(EVALUATION_REASONS),
  variant: z.string().optional(),
  metadata: metadata.optional(),
});

export type OfrepSuccess = z.infer<typeof ofrepSuccessSchema>;

export const ofrepFailureSchema = z.object({
  key: z.string(),
  errorCode: z.enum(EVALUATION_ERRORS),
  errorDetails: z.string().optional(),
});

export type OfrepFailure = z.infer<typeof ofrepFailureSchema>;

export const ofrepBulkFailureSchema = ofrepFailureSchema.omit({ key: true });

export const ofrepBulkSchema = z.object({
  flags: z.array(z.union([ofrepSuccessSchema, ofrepFailureSchema])),
  eventStreams: z.array(
    z.object({
      type: z.literal("sse"),
      endpoint: z.object({ origin: z.string().optional(), requestUri: z.string() }),
      inactivityDelaySec: z.int().positive(),
    }),
  ),
  metadata,
});

export type OfrepBulk = z.infer<typeof ofrepBulkSchema>;

/** The data of an event on `GET /ofrep/v1/events`. */
export const ofrepEventSchema = z.object({ type: z.literal("refetchEvaluation"), etag: z.string() });
