import type { JsonSchema } from "../json-schema.js";
import { anchor, html, prose, type Html } from "./html.js";

const REF_PREFIX = "#/components/schemas/";

/** What of a field's bounds a client has to know. */
const BOUNDS: readonly (readonly [keyof JsonSchema, string])[] = [
  ["minimum", "at least"],
  ["exclusiveMinimum", "more than"],
  ["maximum", "at most"],
  ["minLength", "characters at least"],
  ["maxLength", "characters at most"],
  ["minItems", "items at least"],
  ["maxItems", "items at most"],
  ["pattern", "matches"],
  ["default", "default"],
];

/** The fields of a schema as a table, the fields of nested objects below them; a schema without fields as its type. */
export function renderSchema(schema: JsonSchema, caption: string): Html {
  const variants = variantsOf(schema).filter((variant) => variant.properties !== undefined);
  if (variants.length === 0) return html`<p class="type">${renderType(schema)} ${renderBounds(schema)}</p>`;
  return html`${variants.map((variant, index) => {
    const suffix = variants.length === 1 ? "" : `, ${index + 1} of ${variants.length}`;
    return renderFields(variant, `${caption}${suffix}`);
  })}`;
}

/** A link to a named schema. */
export function renderSchemaLink(name: string): Html {
  return html`<a href="#${anchor("schema", name)}">${name}</a>`;
}

export function nameOfRef({ $ref }: JsonSchema): string | undefined {
  return $ref?.startsWith(REF_PREFIX) === true ? $ref.slice(REF_PREFIX.length) : undefined;
}

function renderFields(schema: JsonSchema, caption: string): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table class="fields">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Type</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${renderRows(schema, "")}
      </tbody>
    </table>
  </div>`;
}

function renderRows({ properties = {}, required = [] }: JsonSchema, prefix: string): Html[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const row = html`<tr>
      <th scope="row">
        <code>${path}</code>${required.includes(name) ? html` <span class="required">required</span>` : undefined}
      </th>
      <td>${renderType(field)}</td>
      <td>${field.description === undefined ? undefined : prose(field.description)} ${renderBounds(field)}</td>
    </tr>`;
    return [row, ...variantsOf(field).flatMap((variant) => renderNested(variant, path))];
  });
}

function renderNested(schema: JsonSchema, path: string): Html[] {
  if (schema.type === "array" && schema.items !== undefined) {
    return variantsOf(schema.items).flatMap((item) => renderNested(item, `${path}[]`));
  }
  return schema.properties === undefined ? [] : renderRows(schema, `${path}.`);
}

function renderType(schema: JsonSchema): Html {
  const name = nameOfRef(soleReference(schema));
  if (name !== undefined) return renderSchemaLink(name);
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) {
    return html`${schema.enum.map(
      (value, index) => html`${index === 0 ? "" : " | "}<code>${JSON.stringify(value)}</code>`,
    )}`;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    return html`${choices.map((choice, index) => html`${index === 0 ? "" : " or "}${renderType(choice)}`)}`;
  }
  if (schema.type === "array") return html`list of ${renderType(schema.items ?? {})}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return html`map of ${renderType(schema.additionalProperties)}`;
  }
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "anything");
  return html`${schema.format ?? type}`;
}

function renderBounds(schema: JsonSchema): Html | undefined {
  const bounds = BOUNDS.filter(([key]) => schema[key] !== undefined);
  if (bounds.length === 0) return undefined;
  return html`<span class="bounds"
    >${bounds.map(([key, words], index) => {
      const value = schema[key];
      return html`${index === 0 ? "" : ", "}${words}
        <code>${typeof value === "string" ? value : JSON.stringify(value)}</code>`;
    })}</span
  >`;
}

/** The alternatives of a union, or the schema itself. */
function variantsOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

/** Draft 7 hides a reference beside other keywords in an `allOf` of one. */
function soleReference(schema: JsonSchema): JsonSchema {
  const [only, ...others] = schema.allOf ?? [];
  return only !== undefined && others.length === 0 ? only : schema;
}
