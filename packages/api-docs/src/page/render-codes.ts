import type { AsyncApiDocument } from "../asyncapi-document.js";
import type { OpenApiDocument } from "../openapi-document.js";
import { anchor, html, prose, type Html } from "./html.js";

/** Every error code, with its status and whether to try again. */
export function renderErrorCodes(document: OpenApiDocument): Html {
  return html`<section class="group" id="error-codes">
    <h2>Error codes</h2>
    <p>The same over WebSocket, HTTP and inside the server. Messages are for people and may change; codes do not.</p>
    ${renderTable(
      ["Code", "HTTP status", "Retry", "Meaning"],
      Object.entries(document["x-error-codes"]).map(([code, { status, retryable, meaning }]) => ({
        id: anchor("error", code),
        cells: [html`<code>${code}</code>`, html`${status}`, renderRetry(retryable), prose(meaning)],
      })),
    )}
  </section>`;
}

/** Every close code of any channel. */
export function renderCloseCodes({ channels }: AsyncApiDocument): Html {
  const facts = new Map(
    Object.values(channels).flatMap((channel) => channel["x-close-codes"].map((one) => [one.code, one])),
  );
  return html`<section class="group" id="close-codes">
    <h2>Close codes</h2>
    <p>Below 4500 a client may connect again as it is; from 4500 on it has to change something first.</p>
    ${renderTable(
      ["Code", "Name", "Retry", "Meaning"],
      [...facts.values()].map(({ code, name, retryable, meaning }) => ({
        id: anchor("close", String(code)),
        cells: [html`<code>${code}</code>`, html`${name}`, renderRetry(retryable), prose(meaning)],
      })),
    )}
  </section>`;
}

function renderRetry(retryable: boolean): Html {
  return retryable ? html`<span class="yes">yes</span>` : html`<span class="no">no</span>`;
}

function renderTable(head: readonly string[], rows: readonly { id: string; cells: readonly Html[] }[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${head.join(", ")}">
    <table>
      <thead>
        <tr>
          ${head.map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ id, cells }) =>
            html`<tr id="${id}">
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
