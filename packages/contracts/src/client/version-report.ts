import { z } from "zod";
import { PROTOCOLS, USAGE_DAYS } from "../bus/version-usage.js";

/** The query of `GET /admin/versions`. */
export const versionsQuerySchema = z.object({
  days: z.coerce
    .number<string>()
    .int()
    .min(1)
    .max(USAGE_DAYS)
    .default(30)
    .describe("How far to look back, today included."),
});

/** The answer of `GET /admin/versions`. */
export const versionReportSchema = z.object({
  days: z.int(),
  versions: z.array(
    z.object({
      version: z.enum(PROTOCOLS),
      requests: z.int().nonnegative(),
      clients: z.int().nonnegative().describe("Distinct clients, estimated."),
      lastUsedAt: z.iso.datetime().nullable(),
    }),
  ),
  v1Sunset: z.iso.datetime().describe("When V1 is to go."),
});

export type VersionReport = z.infer<typeof versionReportSchema>;
