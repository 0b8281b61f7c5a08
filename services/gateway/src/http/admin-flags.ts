import type { Bus } from "@ai-orchestra/bus";
import {
  featureFlagSwitchSchema,
  flagChangesSchema,
  flagKeySchema,
  flagRollbackSchema,
  flagsDelete,
  flagsGet,
  flagsHistory,
  flagsList,
  flagsPatch,
  flagsPut,
  flagsReport,
  flagsRollback,
  OrchestraError,
  type FlagChange,
  type FlagRecord,
} from "@ai-orchestra/contracts";
import { z } from "zod";
import { readExpectedRevision, toEntityTag } from "./entity-tag.js";
import { jsonAnswer, statusLine } from "./http-answers.js";
import type { HttpAnswer, HttpExchange } from "./http-exchange.js";
import { readJson, readJsonBody, validateBody } from "./read-request.js";
import type { HttpRoute, PathParameters } from "./router.js";

const keyedSchema = z.object({ key: flagKeySchema });
const route = { access: "private", scope: "admin" } as const;
const path = "/admin/flags/:key";

/**
 * `/admin/flags`: feature flags with their history, and what their variants brought. Every answer with a flag has its
 * revision as ETag; `If-Match` makes a change conditional on it.
 */
export function createFlagRoutes({ bus }: { bus: Pick<Bus, "call"> }): HttpRoute[] {
  return [
    {
      ...route,
      method: "GET",
      path: "/admin/flags",
      handle: async (exchange: HttpExchange) => {
        const { flags } = await bus.call(flagsList, {});
        exchange.respond(jsonAnswer(200, { flags: flags.map(describeFlag) }));
      },
    },
    {
      ...route,
      method: "POST",
      path: "/admin/flags",
      handle: async (exchange, { clientId }) => {
        const flag = await readJson(exchange);
        const { key } = validateBody(keyedSchema, flag);
        const record = await bus.call(flagsPut, { key, flag, expectedRevision: 0, by: clientId });
        exchange.respond(flagAnswer(201, record));
      },
    },
    {
      ...route,
      method: "GET",
      path,
      handle: async (exchange, _principal, parameters) => {
        exchange.respond(flagAnswer(200, await bus.call(flagsGet, { key: readKey(parameters) })));
      },
    },
    {
      ...route,
      method: "PUT",
      path,
      handle: async (exchange, { clientId }, parameters) => {
        const expectedRevision = readExpectedRevision(exchange);
        const flag = await readJson(exchange);
        const key = readKey(parameters);
        const { created, ...record } = await bus.call(flagsPut, { key, flag, expectedRevision, by: clientId });
        exchange.respond(flagAnswer(created ? 201 : 200, record));
      },
    },
    {
      ...route,
      method: "PATCH",
      path,
      handle: async (exchange, { clientId }, parameters) => {
        const expectedRevision = readExpectedRevision(exchange);
        const changes = await readJsonBody(exchange, flagChangesSchema);
        const key = readKey(parameters);
        const record = await bus.call(flagsPatch, { key, changes, expectedRevision, by: clientId });
        exchange.respond(flagAnswer(200, record));
      },
    },
    {
      ...route,
      method: "DELETE",
      path,
      handle: async (exchange, { clientId }, parameters) => {
        const expectedRevision = readExpectedRevision(exchange);
        const key = readKey(parameters);
        const { deleted } = await bus.call(flagsDelete, { key, expectedRevision, by: clientId });
        if (!deleted) throw new OrchestraError("not_found", `there is no flag ${key}`);
        exchange.respond({ status: statusLine(204), headers: {}, body: "" });
      },
    },
    {
      ...route,
      method: "GET",
      path: `${path}/history`,
      handle: async (exchange, _principal, parameters) => {
        const { entries } = await bus.call(flagsHistory, { key: readKey(parameters) });
        exchange.respond(
          jsonAnswer(200, {
            entries: entries.map(({ change, ...entry }) => ({ ...entry, change: describeChange(change) })),
          }),
        );
      },
    },
    {
      ...route,
      method: "POST",
      path: `${path}/rollback`,
      handle: async (exchange, { clientId }, parameters) => {
        const expectedRevision = readExpectedRevision(exchange);
        const { revision } = await readJsonBody(exchange, flagRollbackSchema);
        const key = readKey(parameters);
        const record = await bus.call(flagsRollback, { key, revision, expectedRevision, by: clientId });
        exchange.respond(flagAnswer(200, record));
      },
    },
    {
      ...route,
      method: "GET",
      path: `${path}/report`,
      handle: async (exchange, _principal, parameters) => {
        exchange.respond(jsonAnswer(200, await bus.call(flagsReport, { key: readKey(parameters) })));
      },
    },
    {
      ...route,
      method: "POST",
      path: "/admin/feature-flags",
      handle: async (exchange, { clientId }) => {
        const { flag: key, enabled } = await readJsonBody(exchange, featureFlagSwitchSchema);
        const changes = { status: enabled ? "enabled" : "disabled" };
        const { revision } = await bus.call(flagsPatch, { key, changes, by: clientId });
        exchange.respond(jsonAnswer(200, { flag: key, enabled, revision }));
      },
    },
  ];
}

/** Times as clients read them. */
export function describeChange({ at, ...change }: FlagChange) {
  return { ...change, at: new Date(at).toISOString() };
}

function describeFlag({ change, ...record }: FlagRecord) {
  return { ...record, change: describeChange(change) };
}

function flagAnswer(status: number, { flag, revision, change }: FlagRecord): HttpAnswer {
  const answer = jsonAnswer(status, describeFlag({ flag, revision, change }));
  return { ...answer, headers: { ...answer.headers, etag: toEntityTag(revision) } };
}

function readKey({ key }: PathParameters): string {
  const parsed = flagKeySchema.safeParse(key);
  if (!parsed.success) throw new OrchestraError("not_found", "there is no flag of that name");
  return parsed.data;
}
