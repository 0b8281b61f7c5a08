import specs from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { clientFrameSchema, serverFrameSchema } from "@ai-orchestra/contracts";
import { describe, expect, test } from "vitest";
import { API_CHANNELS } from "./api-channels.js";
import { API_ROUTES } from "./api-routes.js";
import { createAsyncApiDocument } from "./asyncapi-document.js";
import { COMPONENTS } from "./components.js";
import { createOpenApiDocument } from "./openapi-document.js";

const openApi = createOpenApiDocument({ version: "1.2.3" });
const asyncApi = createAsyncApiDocument({ version: "1.2.3" });

/** Every `$ref` in a document that leads nowhere. */
function danglingRefs(document: object): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, path]) => path!);
  return refs.filter((path) => {
    let place: unknown = document;
    for (const key of path.split("/").slice(1)) place = (place as Record<string, unknown> | undefined)?.[key];
    return place === undefined;
  });
}

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(openApi) as never);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe("3.1");
  });

  test("refers to nothing that is not in it, and has no operation twice", () => {
    expect(danglingRefs(openApi)).toEqual([]);
    const ids = API_ROUTES.map(({ operationId }) => operationId);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test("has schemas that a JSON Schema validator takes", () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: "openapi", components: openApi.components });
    for (const name of Object.keys(COMPONENTS)) ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
  });
});

describe("the AsyncAPI document", () => {
  test("is valid AsyncAPI 3.0", () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const validate = ajv.compile(specs);
    validate(asyncApi);
    expect(validate.errors).toBeNull();
  });

  test("refers to nothing that is not in it", () => {
    expect(danglingRefs(asyncApi)).toEqual([]);
  });

  test("has every frame of protocol V2", () => {
    const v2 = API_CHANNELS.find(({ id }) => id === "v2")!;
    const typesOf = (options: readonly { shape: { type: { value: string } } }[]) =>
      options.map(({ shape }) => shape.type.value).sort();
    expect(v2.clientFrames.map(({ name }) => name).sort()).toEqual(typesOf(clientFrameSchema.options));
    expect(v2.serverFrames.map(({ name }) => name).sort()).toEqual(typesOf(serverFrameSchema.options));
  });
});

describe("the examples", () => {
  const frames = API_CHANNELS.flatMap(({ clientFrames, serverFrames }) => [...clientFrames, ...serverFrames]);
  test.each(frames.map((frame) => [frame.name, frame] as const))("%s is a valid frame", (_name, frame) => {
    COMPONENTS[frame.schema].parse(frame.example);
  });

  const bodies = API_ROUTES.flatMap(({ method, path, body, answers }) => [
    ...(body === undefined
      ? []
      : [{ what: `the body of ${method} ${path}`, schemas: body.schemas, example: body.example }]),
    ...answers.flatMap(({ status, contents = [] }) =>
      contents
        .filter(({ example }) => example !== undefined)
        .flatMap(({ type, schemas, example }) =>
          (type === "text/event-stream" ? (example as unknown[]) : [example]).map((one) => ({
            what: `${status} of ${method} ${path} as ${type}`,
            schemas,
            example: one,
          })),
        ),
    ),
  ]);
  test.each(bodies.map((body) => [body.what, body] as const))("%s is valid", (_what, { schemas, example }) => {
    const results = schemas.map((name) => COMPONENTS[name].safeParse(example));
    expect(results.some(({ success }) => success)).toBe(true);
  });
});
