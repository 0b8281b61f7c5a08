import type { AsyncApiChannel, AsyncApiDocument, AsyncApiMessage, AsyncApiOperation } from "../asyncapi-document.js";
import { anchor, html, prose, type Html } from "./html.js";
import { renderExample } from "./render-example.js";
import { nameOfRef, renderSchema, renderSchemaLink } from "./render-schema.js";

export interface DocumentedFrame {
  readonly id: string;
  readonly message: AsyncApiMessage;
}

/** The frames of a channel that go one way, each with the id of its place in the page. */
export function listFrames(
  { operations, components }: AsyncApiDocument,
  channelId: string,
  action: AsyncApiOperation["action"],
): DocumentedFrame[] {
  const operation = operations[`${action}_${channelId}`];
  return (operation?.messages ?? []).flatMap(({ $ref }) => {
    const message = components.messages[$ref.split("/").at(-1) ?? ""];
    return message === undefined ? [] : [{ id: anchor(channelId, action, message.name), message }];
  });
}

/** The section of one WebSocket channel with everything that goes over it. */
export function renderChannel(document: AsyncApiDocument, channelId: string, channel: AsyncApiChannel): Html {
  const { address, title, description, parameters = {} } = channel;
  return html`<section class="group" id="${anchor("channel", channelId)}">
    <h2>${title} ${channel["x-deprecated"] === true ? html`<span class="tag">deprecated</span>` : undefined}</h2>
    <p class="endpoint"><span class="method ws">WS</span> <code class="path">${address}</code></p>
    <p>${prose(description)}</p>
    ${
      Object.keys(parameters).length === 0
        ? undefined
        : html`<ul>
            ${Object.entries(parameters).map(
              ([name, parameter]) => html`<li><code>${name}</code>: ${prose(parameter.description)}</li>`,
            )}
          </ul>`
    }
    ${
      channel["x-subprotocols"].length === 0
        ? undefined
        : html`<p class="note">
            Subprotocol entries:
            ${channel["x-subprotocols"].map((entry, index) => html`${index === 0 ? "" : ", "}<code>${entry}</code>`)}
          </p>`
    }
    <h3>Client frames</h3>
    ${listFrames(document, channelId, "receive").map((frame) => renderFrame(document, frame))}
    <h3>Server frames</h3>
    ${listFrames(document, channelId, "send").map((frame) => renderFrame(document, frame))}
  </section>`;
}

function renderFrame({ components }: AsyncApiDocument, { id, message }: DocumentedFrame): Html {
  const name = nameOfRef(message.payload) ?? "";
  return html`<section class="entry frame" id="${id}">
    <h4><code>${message.name}</code></h4>
    <p>${message.summary === undefined ? undefined : prose(message.summary)} ${renderSchemaLink(name)}</p>
    ${renderSchema(components.schemas[name] ?? {}, "Fields")}
    ${message.examples.map(({ payload }) => renderExample(payload))}
  </section>`;
}
