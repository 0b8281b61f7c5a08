import { expect, test } from "vitest";
import { anchor, html, prose } from "./html.js";

test("escapes whatever is not markup", () => {
  const evil = `<script>"&'</script>`;
  const escaped = "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;";
  expect(html`<p>${evil}</p>`.markup).toBe(`<p>${escaped}</p>`);
  expect(html`<p>${[evil, html`<b>${1}</b>`]}${undefined}</p>`.markup).toBe(`<p>${escaped}<b>1</b></p>`);
  expect(prose(`a \`${evil}\` b`).markup).toBe(`a <code>${escaped}</code> b`);
});

test("drops the indentation of a template and keeps that of its parts", () => {
  const template = Object.assign(["<pre>\n      ", "</pre>"], { raw: [] });
  expect(html(template, "a\n    b").markup).toBe("<pre>\na\n    b</pre>");
});

test("makes ids of any words", () => {
  expect(anchor("GET", "/v2/sessions/{sessionId}")).toBe("get-v2-sessions-sessionid");
});
