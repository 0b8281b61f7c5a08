import type { Bus } from "@ai-orchestra/bus";
import {
  flagsList,
  flagsSegmentDelete,
  flagsSegmentPut,
  OrchestraError,
  segmentNameSchema,
  type SegmentRecord,
} from "@ai-orchestra/contracts";
import { describeChange } from "./admin-flags.js";
import { readExpectedRevision, toEntityTag } from "./entity-tag.js";
import { jsonAnswer, statusLine } from "./http-answers.js";
import type { HttpExchange } from "./http-exchange.js";
import { readJson } from "./read-request.js";
import type { HttpRoute, PathParameters } from "./router.js";

const route = { access: "private", scope: "admin" } as const;
const path = "/admin/segments/:name";

/** `/admin/segments`: named sets of users that flags refer to. */
export function createSegmentRoutes({ bus }: { bus: Pick<Bus, "call"> }): HttpRoute[] {
  return [
    {
      ...route,
      method: "GET",
      path: "/admin/segments",
      handle: async (exchange: HttpExchange) => {
        const { segments } = await bus.call(flagsList, {});
        exchange.respond(jsonAnswer(200, { segments: segments.map(describeSegment) }));
      },
    },
    {
      ...route,
      method: "PUT",
      path,
      handle: async (exchange, { clientId }, parameters) => {
        const expectedRevision = readExpectedRevision(exchange);
        const segment = await readJson(exchange);
        const name = readName(parameters);
        const { created, ...record } = await bus.call(flagsSegmentPut, {
          name,
          segment,
          expectedRevision,
          by: clientId,
        });
        const answer = jsonAnswer(created ? 201 : 200, describeSegment(record));
        exchange.respond({ ...answer, headers: { ...answer.headers, etag: toEntityTag(record.revision) } });
      },
    },
    {
      ...route,
      method: "DELETE",
      path,
      handle: async (exchange, { clientId }, parameters) => {
        const expectedRevision = readExpectedRevision(exchange);
        const name = readName(parameters);
        const { deleted } = await bus.call(flagsSegmentDelete, { name, expectedRevision, by: clientId });
        if (!deleted) throw new OrchestraError("not_found", `there is no segment ${name}`);
        exchange.respond({ status: statusLine(204), headers: {}, body: "" });
      },
    },
  ];
}

function describeSegment({ change, ...record }: SegmentRecord) {
  return { ...record, change: describeChange(change) };
}

function readName({ name }: PathParameters): string {
  const parsed = segmentNameSchema.safeParse(name);
  if (!parsed.success) throw new OrchestraError("not_found", "there is no segment of that name");
  return parsed.data;
}
