import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AsyncApiDocument } from "../asyncapi-document.js";
import type { OpenApiDocument } from "../openapi-document.js";
import { anchor, html, Html, prose } from "./html.js";
import { listFrames, renderChannel } from "./render-channel.js";
import { renderCloseCodes, renderErrorCodes } from "./render-codes.js";
import { anchorOfOperation, listOperations, renderRoute } from "./render-route.js";
import { renderSchema } from "./render-schema.js";
import { renderTryIt } from "./render-try-it.js";

export interface DocsPage {
  readonly html: string;
  /** Lets the page's own style and script run, and the script talk to the server that the page came from. */
  readonly contentSecurityPolicy: string;
}

/** One page that shows both documents; it loads nothing else. */
export function createDocsPage(openApi: OpenApiDocument, asyncApi: AsyncApiDocument): DocsPage {
  const style = readAsset("page.css");
  const scripts = [readAsset("page.js"), readAsset("try-it.js")];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${openApi.info.title} ${openApi.info.version}: API</title>
        <link rel="icon" href="data:," />
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        ${renderHeader(openApi)}
        <div class="columns">
          ${renderNavigation(openApi, asyncApi)}
          <main id="main" tabindex="-1">
            ${renderOverview(openApi)} ${renderTryIt()} ${renderTags(openApi)}
            ${Object.entries(asyncApi.channels).map(([id, channel]) => renderChannel(asyncApi, id, channel))}
            ${renderErrorCodes(openApi)} ${renderCloseCodes(asyncApi)} ${renderSchemas(openApi)}
          </main>
        </div>
        ${scripts.map((script) => new Html(`<script>${script}</script>`))}
      </body>
    </html>`;
  return {
    html: page.markup,
    contentSecurityPolicy: [
      "default-src 'none'",
      `style-src '${hashOf(style)}'`,
      `script-src ${scripts.map((script) => `'${hashOf(script)}'`).join(" ")}`,
      "connect-src 'self'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
  };
}

function renderHeader({ info }: OpenApiDocument): Html {
  return html`<header>
    <p class="title"><a href="#overview">${info.title}</a> <span class="version">${info.version}</span></p>
    <p class="links">
      <a href="/openapi.json">OpenAPI</a> <a href="/asyncapi.json">AsyncAPI</a>
      <button type="button" id="theme" hidden>Theme: system</button>
      <button type="button" id="menu" aria-expanded="false" aria-controls="navigation" hidden>Menu</button>
    </p>
  </header>`;
}

function renderNavigation(openApi: OpenApiDocument, asyncApi: AsyncApiDocument): Html {
  const operations = listOperations(openApi);
  return html`<nav id="navigation" aria-label="Contents">
    <label class="filter" hidden>Filter <input type="search" id="filter" autocomplete="off" /></label>
    <p id="filter-state" role="status" class="note"></p>
    <ul>
      <li><a href="#overview">Overview</a></li>
      <li><a href="#try-it">Try it</a></li>
    </ul>
    ${openApi.tags.map(
      ({ name }) =>
        html`<h2><a href="#${anchor("tag", name)}">HTTP: ${name}</a></h2>
          <ul>
            ${operations
              .filter(({ operation }) => operation.tags.includes(name))
              .map(
                (documented) =>
                  html`<li>
                    <a href="#${anchorOfOperation(documented)}"
                      ><span class="method ${documented.method.toLowerCase()}">${documented.method}</span>
                      <span class="path">${breakable(documented.path)}</span></a
                    >
                  </li>`,
              )}
          </ul>`,
    )}
    ${Object.entries(asyncApi.channels).map(
      ([id, { title }]) =>
        html`<h2><a href="#${anchor("channel", id)}">${title}</a></h2>
          <ul>
            ${(["receive", "send"] as const).flatMap((action) =>
              listFrames(asyncApi, id, action).map(
                (frame) =>
                  html`<li>
                    <a href="#${frame.id}"
                      ><span
                        class="method ${action}"
                        title="${action === "receive" ? "from the client" : "from the server"}"
                        >${action === "receive" ? "→" : "←"}</span
                      >
                      <span class="path">${frame.message.name}</span></a
                    >
                  </li>`,
              ),
            )}
          </ul>`,
    )}
    <h2>Reference</h2>
    <ul>
      <li><a href="#error-codes">Error codes</a></li>
      <li><a href="#close-codes">Close codes</a></li>
      <li><a href="#schemas">Schemas</a></li>
    </ul>
  </nav>`;
}

function renderOverview({ info, components }: OpenApiDocument): Html {
  const { bearer } = components.securitySchemes;
  return html`<section class="group" id="overview">
    <h1>${info.title} API</h1>
    <p>${prose(info.summary)}</p>
    <p>
      The documents behind this page: <a href="/openapi.json">OpenAPI</a> for HTTP and
      <a href="/asyncapi.json">AsyncAPI</a> for WebSocket.
    </p>
    <h2>Credentials</h2>
    <p>
      ${prose(bearer?.description ?? "")} Browsers show the token of a WebSocket as the subprotocol entry
      <code>bearer.&lt;token&gt;</code>; it is never part of a URL.
    </p>
    <h2>Answers and errors</h2>
    <p>
      Every answer has the header <code>x-request-id</code>; a request may bring its own. An error that is worth a retry
      comes with <code>retry-after</code>. A method that a path does not take is answered 405 with
      <code>invalid_request</code>. See <a href="#error-codes">all error codes</a>.
    </p>
  </section>`;
}

function renderTags(openApi: OpenApiDocument): Html[] {
  const operations = listOperations(openApi);
  return openApi.tags.map(
    ({ name, description }) =>
      html`<section class="group" id="${anchor("tag", name)}">
        <h2>HTTP: ${name}</h2>
        <p>${prose(description)}</p>
        ${operations
          .filter(({ operation }) => operation.tags.includes(name))
          .map((documented) => renderRoute(documented, openApi.components.schemas))}
      </section>`,
  );
}

function renderSchemas({ components }: OpenApiDocument): Html {
  return html`<section class="group" id="schemas">
    <h2>Schemas</h2>
    ${Object.entries(components.schemas).map(
      ([name, schema]) =>
        html`<section class="entry" id="${anchor("schema", name)}">
          <h3><code>${name}</code></h3>
          ${schema.description === undefined ? undefined : html`<p>${prose(schema.description)}</p>`}
          ${renderSchema(schema, "Fields")}
        </section>`,
    )}
  </section>`;
}

/** A path that may wrap before each of its segments. */
function breakable(path: string): Html {
  return html`${path.split("/").map((segment, index) => (index === 0 ? segment : html`<wbr />/${segment}`))}`;
}

/** The assets stand beside `src` and `dist`. */
function readAsset(name: string): string {
  return readFileSync(new URL(`../../assets/${name}`, import.meta.url), "utf8");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
