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
  const schemas = describe(createRegistry(), { target: dialect, io: "input" });
  return Object.fromEntries(COMPONENT_NAMES.map((name) => [name, schemas[name] ?? {}]));
}

/** The fields of an object schema that has no name, such as a query. */
export function describeFields(schema: z.ZodObject): { name: string; schema: JsonSchema; required: boolean }[] {
  const registry = createRegistry();
  registry.add(schema, { id: NAMELESS });
  // What a coerced field may come as says nothing; what becomes of it does.
  const { properties = {}, required = [] } =
    describe(registry, { target: "draft-2020-12", io: "output" })[NAMELESS] ?? {};
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: property,
    required: required.includes(name) && property.default === undefined,
  }));
}

const NAMELESS = "nameless";
/** Where zod puts schemas that it can neither name nor write out. */
const UNNAMED_CYCLES = "__shared";

function createRegistry() {
  const registry = z.registry<{ id: string }>();
  for (const name of COMPONENT_NAMES) registry.add(COMPONENTS[name], { id: name });
  return registry;
}

function describe(
  registry: ReturnType<typeof createRegistry>,
  options: { target: SchemaDialect; io: "input" | "output" },
): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(registry, {
    ...options,
    unrepresentable: "any",
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => dropTrivia(jsonSchema),
  });
  if (UNNAMED_CYCLES in schemas) throw new Error("a schema that contains itself needs a name: add it to COMPONENTS");
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema as JsonSchema]),
  );
}

/** What every reader takes for granted only hides what matters. */
function dropTrivia(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format === "date-time") delete schema.pattern;
}
