import type { Bus } from "@ai-orchestra/bus";
import { flagExportQuerySchema, flagImportQuerySchema, flagsExport, flagsImport } from "@ai-orchestra/contracts";
import { jsonAnswer } from "./http-answers.js";
import type { HttpExchange } from "./http-exchange.js";
import { readJson, readQuery } from "./read-request.js";
import type { HttpRoute } from "./router.js";

const route = { access: "private", scope: "admin" } as const;

/** `/admin/flags/export` and `/admin/flags/import`: all flags as one document, as our own JSON or as Unleash's. */
export function createFlagExchangeRoutes({ bus }: { bus: Pick<Bus, "call"> }): HttpRoute[] {
  return [
    {
      ...route,
      method: "GET",
      path: "/admin/flags/export",
      handle: async (exchange: HttpExchange) => {
        const { format } = readQuery(exchange, flagExportQuerySchema);
        const { document, lossy } = await bus.call(flagsExport, { format });
        const answer = jsonAnswer(200, document);
        // What the format cannot say does not belong into a document that others are to read.
        const warning = { "x-orchestra-lossy": String(lossy.length) };
        exchange.respond(lossy.length === 0 ? answer : { ...answer, headers: { ...answer.headers, ...warning } });
      },
    },
    {
      ...route,
      method: "POST",
      path: "/admin/flags/import",
      handle: async (exchange, { clientId }) => {
        const { format, dryRun } = readQuery(exchange, flagImportQuerySchema);
        const document = await readJson(exchange);
        exchange.respond(jsonAnswer(200, await bus.call(flagsImport, { format, document, dryRun, by: clientId })));
      },
    },
  ];
}
