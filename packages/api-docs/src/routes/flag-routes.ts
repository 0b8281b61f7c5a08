import { flagExportQuerySchema, flagImportQuerySchema } from "@ai-orchestra/contracts";
import type { ApiAnswer, ApiRoute } from "../api-route.js";
import type { ComponentName } from "../components.js";
import {
  FLAG_DEFINITION_EXAMPLE,
  FLAG_EXAMPLE,
  FLAG_HISTORY_EXAMPLE,
  FLAG_REPORT_EXAMPLE,
  SEGMENT_DEFINITION_EXAMPLE,
  SEGMENT_EXAMPLE,
} from "../examples/flag-examples.js";

const route = { tag: "flags", access: "private", scope: "admin" } as const;
const flag = {
  ...route,
  path: "/admin/flags/:key",
  parameters: { key: { description: "Its key.", kind: "text" } },
} as const;
const segment = {
  ...route,
  path: "/admin/segments/:name",
  parameters: { name: { description: "Its name.", kind: "text" } },
} as const;
const ifMatch = { "if-match": "ETag of the revision that the change is to replace; another one answers `conflict`." };
const etag = { etag: "The revision." };
const document = { version: 1, flags: [FLAG_DEFINITION_EXAMPLE], segments: [SEGMENT_DEFINITION_EXAMPLE] };

function answer(
  status: number,
  description: string,
  schema: ComponentName,
  example: unknown,
  headers?: Record<string, string>,
): ApiAnswer {
  return {
    status,
    description,
    contents: [{ type: "application/json", schemas: [schema], example }],
    ...(headers === undefined ? {} : { headers }),
  };
}

export const FLAG_ROUTES: readonly ApiRoute[] = [
  {
    ...route,
    method: "GET",
    path: "/admin/flags",
    operationId: "listFlags",
    summary: "List feature flags",
    answers: [answer(200, "All of them, by key.", "FlagList", { flags: [FLAG_EXAMPLE] })],
    errors: ["unavailable", "timeout"],
  },
  {
    ...route,
    method: "POST",
    path: "/admin/flags",
    operationId: "createFlag",
    summary: "Create a flag",
    description: "Fails with `conflict` when there is one of that key.",
    body: { schemas: ["FlagDefinition"], example: FLAG_DEFINITION_EXAMPLE },
    answers: [answer(201, "It is there.", "Flag", FLAG_EXAMPLE, etag)],
    errors: ["conflict", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "GET",
    operationId: "getFlag",
    summary: "A flag",
    answers: [answer(200, "The flag.", "Flag", FLAG_EXAMPLE, etag)],
    errors: ["not_found", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "PUT",
    operationId: "putFlag",
    summary: "Create or replace a flag",
    headers: ifMatch,
    body: { schemas: ["FlagDefinition"], example: FLAG_DEFINITION_EXAMPLE },
    answers: [
      answer(200, "It is replaced.", "Flag", FLAG_EXAMPLE, etag),
      answer(201, "It is there.", "Flag", FLAG_EXAMPLE, etag),
    ],
    errors: ["not_found", "conflict", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "PATCH",
    operationId: "patchFlag",
    summary: "Replace single fields of a flag",
    description: "Fields that are named are replaced as a whole; `null` takes one away.",
    headers: ifMatch,
    body: { schemas: ["FlagChanges"], example: { killSwitch: true } },
    answers: [answer(200, "It is changed.", "Flag", FLAG_EXAMPLE, etag)],
    errors: ["not_found", "conflict", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "DELETE",
    operationId: "deleteFlag",
    summary: "Delete a flag",
    description: "Its history stays. Fails with `conflict` while it is another flag's prerequisite.",
    headers: ifMatch,
    answers: [{ status: 204, description: "It is gone." }],
    errors: ["invalid_request", "not_found", "conflict", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "GET",
    path: `${flag.path}/history`,
    operationId: "getFlagHistory",
    summary: "Who changed a flag, when, from what to what",
    answers: [answer(200, "The newest 64 changes, newest first.", "FlagHistory", FLAG_HISTORY_EXAMPLE)],
    errors: ["not_found", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "POST",
    path: `${flag.path}/rollback`,
    operationId: "rollBackFlag",
    summary: "Make an earlier revision of a flag the newest",
    headers: ifMatch,
    body: { schemas: ["FlagRollback"], example: { revision: 7 } },
    answers: [answer(200, "The flag as it is now.", "Flag", FLAG_EXAMPLE, etag)],
    errors: ["not_found", "conflict", "unavailable", "timeout"],
  },
  {
    ...flag,
    method: "GET",
    path: `${flag.path}/report`,
    operationId: "reportFlag",
    summary: "Exposures and outcomes of a flag's variants",
    description: "Counted over all services; some seconds behind.",
    answers: [answer(200, "The report.", "FlagReport", FLAG_REPORT_EXAMPLE)],
    errors: ["not_found", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "GET",
    path: "/admin/flags/export",
    operationId: "exportFlags",
    summary: "All flags and segments as one document",
    description: "The format `unleash` is an Unleash feature export; what it cannot say is counted in a header.",
    query: flagExportQuerySchema,
    answers: [
      answer(200, "The document.", "FlagDocument", document, {
        "x-orchestra-lossy": "How many things of our flags the format cannot say; absent when it says all.",
      }),
    ],
    errors: ["invalid_request", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "POST",
    path: "/admin/flags/import",
    operationId: "importFlags",
    summary: "Create and replace flags from a document",
    description:
      "All of it or, when anything is wrong, nothing: the error's `details` then list what is. Flags that the document does not have stay.",
    query: flagImportQuerySchema,
    body: { schemas: ["FlagDocument"], example: document },
    answers: [
      answer(200, "What became of each.", "FlagImport", {
        created: ["new-checkout"],
        updated: [],
        unchanged: ["beta-testers"],
        ignored: [],
      }),
    ],
    errors: ["conflict", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "GET",
    path: "/admin/segments",
    operationId: "listSegments",
    summary: "List segments",
    answers: [answer(200, "All of them, by name.", "SegmentList", { segments: [SEGMENT_EXAMPLE] })],
    errors: ["unavailable", "timeout"],
  },
  {
    ...segment,
    method: "PUT",
    operationId: "putSegment",
    summary: "Create or replace a segment",
    headers: ifMatch,
    body: { schemas: ["FlagSegment"], example: SEGMENT_DEFINITION_EXAMPLE },
    answers: [
      answer(200, "It is replaced.", "Segment", SEGMENT_EXAMPLE, etag),
      answer(201, "It is there.", "Segment", SEGMENT_EXAMPLE, etag),
    ],
    errors: ["not_found", "conflict", "unavailable", "timeout"],
  },
  {
    ...segment,
    method: "DELETE",
    operationId: "deleteSegment",
    summary: "Delete a segment",
    description: "Fails with `conflict` while a flag refers to it.",
    headers: ifMatch,
    answers: [{ status: 204, description: "It is gone." }],
    errors: ["invalid_request", "not_found", "conflict", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "POST",
    path: "/admin/feature-flags",
    operationId: "switchFeatureFlag",
    summary: "Switch a flag on or off",
    description: "As clients of the first version know it: `enabled` is the flag's status, for everybody.",
    body: { schemas: ["FeatureFlagSwitch"], example: { flag: "swarm_intelligence", enabled: false } },
    answers: [
      answer(200, "It is switched.", "FeatureFlagState", { flag: "swarm_intelligence", enabled: false, revision: 13 }),
    ],
    errors: ["not_found", "conflict", "unavailable", "timeout"],
  },
];
