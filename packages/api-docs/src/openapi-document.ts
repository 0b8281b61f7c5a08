import { ERROR_CODES, type ErrorCode } from "@ai-orchestra/contracts";
import type { ApiAnswer, ApiContent, ApiRoute } from "./api-route.js";
import { TAGS, type Tag } from "./api-route.js";
import { API_ROUTES } from "./api-routes.js";
import { ERROR_MEANINGS } from "./code-meanings.js";
import type { ComponentName } from "./components.js";
import { describeComponents, describeFields, refTo, type JsonSchema } from "./json-schema.js";

interface OpenApiMedia {
  schema: JsonSchema;
  examples?: Record<string, { value: unknown }>;
}

export interface OpenApiResponse {
  description: string;
  headers?: Record<string, { description: string; schema: JsonSchema }>;
  content?: Record<string, OpenApiMedia>;
  /** The codes that an error of this status may have. */
  "x-error-codes"?: ErrorCode[];
}

export interface OpenApiParameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

export interface OpenApiOperation {
  operationId: string;
  tags: Tag[];
  summary: string;
  description?: string;
  deprecated?: boolean;
  security: Record<string, string[]>[];
  parameters?: OpenApiParameter[];
  requestBody?: { required: true; content: Record<string, OpenApiMedia> };
  responses: Record<string, OpenApiResponse>;
}

export interface OpenApiDocument {
  openapi: "3.1.1";
  info: {
    title: string;
    version: string;
    summary: string;
    description: string;
    license: { name: string; identifier: string };
  };
  servers: { url: string; description: string }[];
  tags: { name: Tag; description: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    securitySchemes: Record<string, { type: "http"; scheme: "bearer"; description: string }>;
  };
  "x-error-codes": Record<ErrorCode, { status: number; retryable: boolean; meaning: string }>;
}

/** What both documents describe. */
export const SUMMARY =
  "Chat turns over WebSocket and HTTP. Each is queued durably and answered once, whatever server dies in between. Times are ISO 8601 UTC, durations milliseconds.";

/** What any route can answer, beside its own errors. */
const COMMON_ERRORS: readonly ErrorCode[] = ["overloaded", "unavailable", "internal"];
const PRIVATE_ERRORS: readonly ErrorCode[] = ["unauthorized", "forbidden", "rate_limited"];
const BODY_ERRORS: readonly ErrorCode[] = ["invalid_request", "too_large"];

/** The HTTP routes as an OpenAPI 3.1 document. */
export function createOpenApiDocument({ version }: { version: string }): OpenApiDocument {
  const paths: OpenApiDocument["paths"] = {};
  for (const route of API_ROUTES) {
    (paths[toTemplate(route.path)] ??= {})[route.method.toLowerCase()] = describeOperation(route);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "AI Orchestra",
      version,
      summary: SUMMARY,
      description: `${SUMMARY} The WebSocket side is in \`/asyncapi.json\`.`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The server that this document came from." }],
    tags: (Object.keys(TAGS) as Tag[])
      .filter((name) => API_ROUTES.some(({ tag }) => tag === name))
      .map((name) => ({ name, description: TAGS[name] })),
    paths,
    components: {
      schemas: describeComponents("draft-2020-12"),
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A JSON Web Token or an API key. A server without authentication listens on loopback only and takes everybody as the client `dev`.",
        },
      },
    },
    "x-error-codes": Object.fromEntries(
      (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [
        code,
        { ...ERROR_CODES[code], meaning: ERROR_MEANINGS[code] },
      ]),
    ) as OpenApiDocument["x-error-codes"],
  };
}

/** `/v2/sessions/:id` as OpenAPI and AsyncAPI write it. */
export function toTemplate(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

function describeOperation(route: ApiRoute): OpenApiOperation {
  const parameters = describeParameters(route);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.deprecated === true ? { deprecated: true } : {}),
    security: route.access === "public" ? [] : [{ bearer: route.scope === undefined ? [] : [route.scope] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": describeMedia({ type: "application/json", ...route.body }),
            },
          },
        }),
    responses: {
      ...Object.fromEntries(route.answers.map((answer) => [String(answer.status), describeAnswer(answer)])),
      ...describeErrors(route),
    },
  };
}

function describeParameters({ parameters = {}, query, headers = {} }: ApiRoute): OpenApiParameter[] {
  return [
    ...Object.entries(parameters).map(([name, { description, kind }]): OpenApiParameter => ({
      name,
      in: "path",
      required: true,
      description,
      schema: kind === "id" ? refTo("Id") : { type: "string" },
    })),
    ...(query === undefined ? [] : describeFields(query)).map(
      ({ name, schema: { description, ...schema }, required }): OpenApiParameter => ({
        name,
        in: "query",
        required,
        ...(description === undefined ? {} : { description }),
        schema,
      }),
    ),
    ...Object.entries(headers)
      // OpenAPI describes it by the contents of the answers and ignores it here.
      .filter(([name]) => name !== "accept")
      .map(([name, description]): OpenApiParameter => ({
        name,
        in: "header",
        required: false,
        description,
        schema: { type: "string" },
      })),
  ];
}

function describeAnswer({ description, contents, headers }: ApiAnswer): OpenApiResponse {
  return {
    description,
    ...(headers === undefined ? {} : { headers: describeHeaders(headers) }),
    ...(contents === undefined
      ? {}
      : { content: Object.fromEntries(contents.map((content) => [content.type, describeMedia(content)])) }),
  };
}

function describeMedia({ type, schemas, example }: ApiContent): OpenApiMedia {
  const isText = type !== "application/json";
  return {
    schema: isText && schemas.length === 0 ? { type: "string" } : anyOf(schemas),
    ...(example === undefined
      ? {}
      : { examples: { example: { value: type === "text/event-stream" ? toEventStream(example) : example } } }),
  };
}

function anyOf(names: readonly ComponentName[]): JsonSchema {
  const [first, ...others] = names;
  if (first === undefined) return { type: "object" };
  return others.length === 0 ? refTo(first) : { anyOf: names.map(refTo) };
}

function describeHeaders(headers: Readonly<Record<string, string>>): NonNullable<OpenApiResponse["headers"]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}

/** One response for each status that the route's errors have, unless the status is one of its answers. */
function describeErrors(route: ApiRoute): Record<string, OpenApiResponse> {
  const codes = new Set<ErrorCode>([
    ...route.errors,
    ...(route.body === undefined ? [] : BODY_ERRORS),
    ...(route.access === "private" ? PRIVATE_ERRORS : []),
    ...COMMON_ERRORS,
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => codes.has(code))) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const answered = new Set(route.answers.map(({ status }) => status));
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !answered.has(status))
      .map(([status, group]) => [String(status), describeError(group, route.errorSchema ?? "ErrorBody")]),
  );
}

function describeError(codes: ErrorCode[], schema: ComponentName): OpenApiResponse {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_MEANINGS[code]}`).join(" "),
    ...(codes.some((code) => ERROR_CODES[code].retryable)
      ? { headers: describeHeaders({ "retry-after": "Seconds to wait before the request is sent again." }) }
      : {}),
    content: { "application/json": { schema: refTo(schema) } },
    "x-error-codes": codes,
  };
}

/** Frames as they stand in a stream. */
function toEventStream(frames: unknown): string {
  return (frames as readonly Record<string, unknown>[])
    .map(
      (frame) =>
        `${typeof frame["type"] === "string" ? `event: ${frame["type"]}\n` : ""}data: ${JSON.stringify(frame)}\n\n`,
    )
    .join("");
}
