import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { listEndpointModels } from "./list-endpoint-models.js";

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  closes.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
}

function list(baseUrl: string, { timeoutMs = 2_000, signal = new AbortController().signal } = {}): Promise<string[]> {
  return listEndpointModels({ baseUrl, apiKey: "secret", timeoutMs, signal });
}

describe("listEndpointModels", () => {
  it("answers with the chat models in the endpoint's order, each once", async () => {
    const ids = ["zeta", "text-embedding-3", "alpha", "whisper-1", "zeta", "has space"];
    const baseUrl = await serve((request, response) => {
      const isAsked = request.url === "/v1/models" && request.headers.authorization === "Bearer secret";
      response.end(isAsked ? JSON.stringify({ data: ids.map((id) => ({ id })) }) : "{}");
    });
    expect(await list(baseUrl)).toEqual(["zeta", "alpha"]);
  });

  it.each<[string, RequestListener]>([
    ["an error status", (_, response) => response.writeHead(500).end("{}")],
    ["what is not JSON", (_, response) => response.end("<html>")],
    ["another shape", (_, response) => response.end('{"models":[]}')],
    ["a list without end", (_, response) => response.end("x".repeat(5 * 1024 * 1024))],
  ])("fails on %s", async (_, listener) => {
    await expect(list(await serve(listener))).rejects.toMatchObject({ code: "provider_unavailable" });
  });

  it("waits no longer than it may", async () => {
    const baseUrl = await serve(() => undefined);
    await expect(list(baseUrl, { timeoutMs: 50 })).rejects.toMatchObject({ code: "provider_unavailable" });
    await expect(list(baseUrl, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "provider_unavailable",
    });
  });
});
