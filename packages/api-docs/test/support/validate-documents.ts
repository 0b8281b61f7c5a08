import specs from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

/** What is wrong with an OpenAPI document, by the schema of the OpenAPI Initiative. */
export async function findOpenApiFaults(document: object): Promise<unknown> {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document) as Record<string, unknown>);
  if (validator.version !== "3.1") return `version ${validator.version}`;
  return valid ? undefined : errors;
}

/** What is wrong with an AsyncAPI 3.0 document, by the schema of the AsyncAPI Initiative. */
export function findAsyncApiFaults(document: object): unknown {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(specs);
  return validate(document) ? undefined : validate.errors;
}

/** Every `$ref` of a document that leads nowhere in it. */
export function findDanglingRefs(document: object): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, path]) => path!);
  return refs.filter((path) => {
    let place: unknown = document;
    for (const key of path.split("/").slice(1)) place = (place as Record<string, unknown> | undefined)?.[key];
    return place === undefined;
  });
}
