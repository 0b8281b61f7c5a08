import { z } from "zod";
import { COMPONENT_NAMES, COMPONENTS, type ComponentName } from "./components.js";

/** A JSON Schema, as much of it as the documents and the page look at. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** OpenAPI 3.1 speaks draft 2020-12, AsyncAPI 3.0 draft 7. */
export type SchemaDialect = "draft-2020-12" | "draft-7";

export const refTo = (name: ComponentName): { $ref: string } => ({ $ref: `#/components/schemas/${name}` });

/** Every component as a client may send it; receivers ignore fields that they do not know, so none are forbidden. */
export function describeComponents(dialect: SchemaDialect): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const name of COMPONENT_NAMES) registry.add(COMPONENTS[name], { id: name });
  const { schemas } = z.toJSONSchema(registry, {
    ...conversion,
    target: dialect,
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    COMPONENT_NAMES.map((name) => {
      const { $schema: _dialect, $id: _id, ...schema } = schemas[name] as JsonSchema & Record<string, unknown>;
      return [name, schema];
    }),
  ) as Record<string, JsonSchema>;
}

/** The fields of an object schema that has no name, such as a query. */
export function describeFields(schema: z.ZodObject): { name: string; schema: JsonSchema; required: boolean }[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { ...conversion, io: "output" }) as JsonSchema;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: property,
    required: required.includes(name) && property.default === undefined,
  }));
}

const conversion = {
  io: "input",
  unrepresentable: "any",
  override: ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
    // What every reader takes for granted only hides what matters.
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
  },
} as const;
