import { html, type Html } from "./html.js";

/** An example with a button that copies it. */
export function renderExample(value: unknown): Html {
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
  return html`<figure class="example">
    <figcaption><span>Example</span><button type="button" class="copy" hidden>Copy</button></figcaption>
    <pre tabindex="0"><code>${text}</code></pre>
  </figure>`;
}
