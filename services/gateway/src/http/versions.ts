import type { Bus } from "@ai-orchestra/bus";
import { memoryUsageReport, versionsQuerySchema, type VersionReport } from "@ai-orchestra/contracts";
import type { VersionUsage } from "../versions/version-usage.js";
import { jsonAnswer } from "./http-answers.js";
import { readQuery } from "./read-request.js";
import type { HttpRoute } from "./router.js";

/** `GET /admin/versions?days=30`: how much and by how many clients each protocol was used, over all gateways. */
export function createVersionRoutes({
  bus,
  versionUsage,
  v1Sunset,
  now,
}: {
  bus: Pick<Bus, "call">;
  versionUsage: VersionUsage;
  v1Sunset: Date;
  now: () => number;
}): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/admin/versions",
      access: "private",
      scope: "admin",
      handle: async (exchange) => {
        const { days } = readQuery(exchange, versionsQuerySchema);
        // Another gateway's last few seconds are still missing; this one's need not be.
        await versionUsage.flush();
        const { usage } = await bus.call(memoryUsageReport, { days, at: now() });
        const versions = usage.map(({ protocol, requests, clients, lastUsedAt }) => ({
          version: protocol,
          requests,
          clients,
          lastUsedAt: lastUsedAt === undefined ? null : new Date(lastUsedAt).toISOString(),
        }));
        const report: VersionReport = { days, versions, v1Sunset: v1Sunset.toISOString() };
        exchange.respond(jsonAnswer(200, report));
      },
    },
  ];
}
