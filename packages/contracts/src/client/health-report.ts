import { z } from "zod";
import { componentReportSchema, degradationLevelSchema } from "../bus/health.js";

const healthStatusSchema = z
  .enum(["ok", "degraded", "down"])
  .describe("`down`: no turn can run; `degraded`: something is missing or says so itself.");

export type HealthStatus = z.infer<typeof healthStatusSchema>;

const instanceHealthSchema = z.object({
  instance: z.string(),
  version: z.string(),
  status: z
    .enum(["starting", "ready", "degraded", "draining", "lost"])
    .describe("`lost` was heard of within the last minute, but not lately."),
  lastSeenAt: z.iso.datetime(),
  dependencies: z.record(z.string(), z.enum(["up", "down"])).describe("What they look like from inside the instance."),
});

export type InstanceHealth = z.infer<typeof instanceHealthSchema>;

export const healthReportSchema = z
  .object({
    status: healthStatusSchema,
    checkedAt: z.iso.datetime(),
    services: z.record(z.string(), z.object({ status: healthStatusSchema, instances: z.array(instanceHealthSchema) })),
    level: degradationLevelSchema.describe("The degradation level in force."),
    off: z.array(z.string()).describe("Features that are off at this level."),
    score: z
      .number()
      .optional()
      .describe("The system's health from 0 to 1; absent while the health service is silent."),
    components: z
      .array(componentReportSchema.pick({ name: true, status: true, score: true, reasons: true }))
      .optional()
      .describe("What the score is made of; absent while the health service is silent."),
  })
  .describe("The mesh as its heartbeats tell.");

export type HealthReport = z.infer<typeof healthReportSchema>;

/** The answer of `GET /livez` and `GET /readyz`. */
export const probeAnswerSchema = z.object({ status: z.enum(["ok", "ready", "unready"]) });
