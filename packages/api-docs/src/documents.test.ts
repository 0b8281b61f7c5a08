import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { clientFrameSchema, serverFrameSchema } from "@ai-orchestra/contracts";
import { describe, expect, test } from "vitest";
import { findAsyncApiFaults, findDanglingRefs, findOpenApiFaults } from "../test/support/validate-documents.js";
import { API_CHANNELS } from "./api-channels.js";
import { API_ROUTES } from "./api-routes.js";
import { createAsyncApiDocument } from "./asyncapi-document.js";
import { COMPONENTS } from "./components.js";
import { createOpenApiDocument } from "./openapi-document.js";

const openApi = createOpenApiDocument({ version: "1.2.3" });
const asyncApi = createAsyncApiDocument({ version: "1.2.3" });

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    expect(await findOpenApiFaults(openApi)).toBeUndefined();
  });

  test("refers to nothing that is not in it, and has no operation twice", () => {
    expect(findDanglingRefs(openApi)).toEqual([]);
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

test("the validators find what is wrong", async () => {
  expect(await findOpenApiFaults({ ...openApi, info: {} })).toBeDefined();
  expect(findAsyncApiFaults({ ...asyncApi, channels: { v2: { address: 1 } } })).toBeDefined();
  expect(findDanglingRefs({ a: { $ref: "#/b/c" } })).toEqual(["/b/c"]);
});

describe("the AsyncAPI document", () => {
  test("is valid AsyncAPI 3.0", () => {
    expect(findAsyncApiFaults(asyncApi)).toBeUndefined();
  });

  test("refers to nothing that is not in it", () => {
    expect(findDanglingRefs(asyncApi)).toEqual([]);
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
