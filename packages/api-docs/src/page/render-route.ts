import type { OpenApiDocument, OpenApiOperation, OpenApiParameter, OpenApiResponse } from "../openapi-document.js";
import type { JsonSchema } from "../json-schema.js";
import { anchor, html, prose, type Html } from "./html.js";
import { renderExample } from "./render-example.js";
import { nameOfRef, renderSchema, renderSchemaLink } from "./render-schema.js";

export interface DocumentedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

/** Every operation of the document, in its order. */
export function listOperations({ paths }: OpenApiDocument): DocumentedOperation[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

export function anchorOfOperation({ method, path }: DocumentedOperation): string {
  return anchor(method, path);
}

/** The section of one HTTP route. */
export function renderRoute(documented: DocumentedOperation, schemas: Readonly<Record<string, JsonSchema>>): Html {
  const { method, path, operation } = documented;
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const answers = Object.entries(responses).filter(([, response]) => response["x-error-codes"] === undefined);
  const errors = Object.entries(responses).filter(([, response]) => response["x-error-codes"] !== undefined);
  return html`<section class="entry" id="${anchorOfOperation(documented)}">
    <h3>
      <span class="method ${method.toLowerCase()}">${method}</span>
      <code class="path">${path}</code>
      ${operation.deprecated === true ? html`<span class="tag">deprecated</span>` : undefined}
    </h3>
    <p class="summary">${summary} <span class="access">${describeAccess(operation)}</span></p>
    ${description === undefined ? undefined : html`<p>${prose(description)}</p>`}
    ${parameters.length === 0 ? undefined : renderParameters(parameters)}
    ${
      requestBody === undefined
        ? undefined
        : html`<h4>Body</h4>
            ${Object.entries(requestBody.content).map(([type, media]) => renderMedia(type, media, schemas))}`
    }
    <h4>Answers</h4>
    ${answers.map(([status, response]) => renderAnswer(status, response, schemas))}
    ${errors.length === 0 ? undefined : renderErrors(errors)}
  </section>`;
}

function describeAccess({ security }: OpenApiOperation): string {
  const [requirement] = security;
  if (requirement === undefined) return "no credentials";
  const [scope] = requirement["bearer"] ?? [];
  return scope === undefined ? "credentials" : `credentials with the scope ${scope}`;
}

function renderParameters(parameters: readonly OpenApiParameter[]): Html {
  const groups = (["path", "query", "header"] as const)
    .map((place) => ({ place, fields: parameters.filter((parameter) => parameter.in === place) }))
    .filter(({ fields }) => fields.length > 0);
  return html`${groups.map(({ place, fields }) =>
    renderSchema(
      {
        type: "object",
        properties: Object.fromEntries(
          fields.map(({ name, description, schema }) => [name, { ...schema, ...(description && { description }) }]),
        ),
        required: fields.filter(({ required }) => required).map(({ name }) => name),
      },
      { path: "Path parameters", query: "Query parameters", header: "Headers" }[place],
    ),
  )}`;
}

function renderAnswer(
  status: string,
  { description, content = {}, headers = {} }: OpenApiResponse,
  schemas: Readonly<Record<string, JsonSchema>>,
): Html {
  return html`<div class="answer">
    <h5><span class="status">${status}</span> ${prose(description)}</h5>
    ${
      Object.keys(headers).length === 0
        ? undefined
        : html`<p class="note">
            Headers:
            ${Object.entries(headers).map(
              ([name, header], index) =>
                html`${index === 0 ? "" : " "}<code>${name}</code>: ${prose(header.description)}`,
            )}
          </p>`
    }
    ${Object.entries(content).map(([type, media]) => renderMedia(type, media, schemas))}
  </div>`;
}

function renderMedia(
  type: string,
  { schema, examples = {} }: { schema: JsonSchema; examples?: Record<string, { value: unknown }> },
  schemas: Readonly<Record<string, JsonSchema>>,
): Html {
  const names = (schema.anyOf ?? [schema]).map(nameOfRef).filter((name) => name !== undefined);
  const [first] = names;
  const isStream = type === "text/event-stream";
  const fields = first === undefined || isStream ? undefined : schemas[first];
  return html`<div class="media">
    <p class="note">
      <code>${type}</code>${
        names.length === 0
          ? undefined
          : html`,
            ${isStream ? "events " : ""}${names.map((name, index) => html`${index === 0 ? "" : ", "}${renderSchemaLink(name)}`)}`
      }
    </p>
    ${
      fields === undefined || first === undefined
        ? undefined
        : html`<details>
            <summary>Fields of ${first}</summary>
            ${renderSchema(fields, "Fields")}
          </details>`
    }
    ${Object.values(examples).map(({ value }) => renderExample(value))}
  </div>`;
}

function renderErrors(errors: readonly (readonly [string, OpenApiResponse])[]): Html {
  return html`<details>
    <summary>Errors</summary>
    <ul class="errors">
      ${errors.map(
        ([status, response]) =>
          html`<li>
            <span class="status">${status}</span>
            ${(response["x-error-codes"] ?? []).map(
              (code, index) =>
                html`${index === 0 ? "" : ", "}<a href="#${anchor("error", code)}"><code>${code}</code></a>`,
            )}
          </li>`,
      )}
    </ul>
  </details>`;
}
