import { startStack, type Stack } from "@ai-orchestra/stack";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { API_CHANNELS } from "../src/api-channels.js";
import { API_ROUTES } from "../src/api-routes.js";
import { createAsyncApiDocument, type AsyncApiDocument } from "../src/asyncapi-document.js";
import { createOpenApiDocument, type OpenApiDocument } from "../src/openapi-document.js";
import { findAsyncApiFaults, findDanglingRefs, findOpenApiFaults } from "./support/validate-documents.js";

let stack: Stack;

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "api-docs-"));
  stack = await startStack({ dataDir });
  return async () => {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
});

async function read(path: string): Promise<Response> {
  const response = await fetch(`${stack.url}${path}`);
  expect(response.status).toBe(200);
  return response;
}

test("serves a valid OpenAPI document to everybody", async () => {
  const document = (await (await read("/openapi.json")).json()) as OpenApiDocument;
  expect(await findOpenApiFaults(document)).toBeUndefined();
  expect(findDanglingRefs(document)).toEqual([]);
  expect(document).toEqual(createOpenApiDocument(document.info));
});

test("serves a valid AsyncAPI document to everybody", async () => {
  const document = (await (await read("/asyncapi.json")).json()) as AsyncApiDocument;
  expect(findAsyncApiFaults(document)).toBeUndefined();
  expect(findDanglingRefs(document)).toEqual([]);
  expect(document).toEqual(createAsyncApiDocument(document.info));
});

test("serves a page that may run its own scripts and load nothing", async () => {
  const response = await read("/docs");
  const page = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  const inline = [...page.matchAll(/<(script|style)>([^]*?)<\/\1>/g)].map(([, , text]) => text!);
  expect(inline).toHaveLength(3);
  for (const text of inline) {
    expect(policy).toContain(`'sha256-${createHash("sha256").update(text).digest("base64")}'`);
  }
  expect(page).not.toMatch(/\s(?:src|on\w+|style)="/);
  expect([...page.matchAll(/href="([^"]*)"/g)].filter(([, target]) => !/^(?:#|\/|data:,)/.test(target!))).toEqual([]);
});

test("shows every route and every frame on the page, and no link leads nowhere", async () => {
  const page = await (await read("/docs")).text();
  const ids = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!));
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
  expect(links.filter((id) => !ids.has(id))).toEqual([]);
  for (const { summary } of API_ROUTES) expect(page).toContain(summary.replaceAll("'", "&#39;"));
  for (const { clientFrames, serverFrames } of API_CHANNELS) {
    for (const { name } of [...clientFrames, ...serverFrames]) expect(page).toContain(`<h4><code>${name}</code></h4>`);
  }
});

test.each(API_ROUTES.map(({ method, path }) => [method, path] as const))(
  "has something at %s %s",
  async (method, path) => {
    const response = await fetch(`${stack.url}${path.replaceAll(/:\w+/g, "nothing-of-this-name")}`, { method });
    const body = response.headers.get("content-type") === "application/json" ? await response.text() : "";
    await response.body?.cancel().catch(() => undefined);
    expect(body).not.toContain("there is nothing at this path");
    expect(response.status).not.toBe(405);
  },
);

test.each(API_CHANNELS.map(({ path, subprotocols }) => [path, subprotocols[0]!] as const))(
  "speaks WebSocket at %s",
  async (path, subprotocol) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const upgrade = request(`${stack.url}${path.replaceAll(/:\w+/g, "name")}`, {
        headers: {
          connection: "upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
          "sec-websocket-protocol": subprotocol,
        },
      });
      upgrade.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve(response.statusCode);
      });
      upgrade.on("response", (response) => resolve(response.statusCode));
      upgrade.on("error", reject);
      upgrade.end();
    });
    expect(status).toBe(101);
  },
);
