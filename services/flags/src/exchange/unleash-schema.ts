import { z } from "zod";

/** One constraint of an Unleash strategy or segment. */
export const unleashConstraintSchema = z.object({
  contextName: z.string(),
  operator: z.string(),
  values: z.array(z.string()).nullish(),
  value: z.string().nullish(),
  caseInsensitive: z.boolean().nullish(),
  inverted: z.boolean().nullish(),
});

export type UnleashConstraint = z.infer<typeof unleashConstraintSchema>;

export const unleashVariantSchema = z.object({
  name: z.string(),
  /** Thousandths. */
  weight: z.number(),
  weightType: z.string().nullish(),
  stickiness: z.string().nullish(),
  payload: z.object({ type: z.string(), value: z.string() }).nullish(),
  overrides: z.array(z.unknown()).nullish(),
});

export type UnleashVariant = z.infer<typeof unleashVariantSchema>;

export const unleashStrategySchema = z.object({
  featureName: z.string(),
  name: z.string(),
  disabled: z.boolean().nullish(),
  environment: z.string().nullish(),
  parameters: z.record(z.string(), z.string()).nullish(),
  constraints: z.array(unleashConstraintSchema).nullish(),
  segments: z.array(z.number()).nullish(),
  variants: z.array(unleashVariantSchema).nullish(),
});

export type UnleashStrategy = z.infer<typeof unleashStrategySchema>;

/** The answer of Unleash's `POST /api/admin/features-batch/export`, as far as it is read here. */
export const unleashDocumentSchema = z.object({
  features: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullish(),
      archived: z.boolean().nullish(),
    }),
  ),
  featureStrategies: z.array(unleashStrategySchema),
  featureEnvironments: z
    .array(
      z.object({
        featureName: z.string(),
        environment: z.string().nullish(),
        enabled: z.boolean(),
        variants: z.array(unleashVariantSchema).nullish(),
      }),
    )
    .default([]),
  featureTags: z.array(z.object({ featureName: z.string(), tagType: z.string(), tagValue: z.string() })).default([]),
  /** Unleash exports ids and names; our own export adds the constraints. */
  segments: z
    .array(z.object({ id: z.number(), name: z.string(), constraints: z.array(unleashConstraintSchema).optional() }))
    .default([]),
  dependencies: z
    .array(
      z.object({
        feature: z.string(),
        dependencies: z.array(
          z.object({
            feature: z.string(),
            enabled: z.boolean().nullish(),
            variants: z.array(z.string()).nullish(),
          }),
        ),
      }),
    )
    .default([]),
});

export type UnleashDocument = z.output<typeof unleashDocumentSchema>;
