import { describe, expect, it } from "vitest";
import { provideClients } from "../test/clients.js";

const { startGateway, connectTo, connectWith } = provideClients();

describe("sessions", () => {
  it("lists, reads and deletes over HTTP with the client's token", async () => {
    const requests: string[] = [];
    const gateway = await startGateway({
      onRequest: ({ method, url, headers }, response) => {
        requests.push(`${method} ${url} ${headers.authorization}`);
        response.writeHead(method === "DELETE" ? 204 : 200).end(method === "DELETE" ? "" : '{"items":[]}');
      },
    });
    const { sessions } = connectWith({ url: gateway.url, token: "key" });
    expect(await sessions.list({ limit: 5 })).toEqual({ items: [] });
    await sessions.get("s1");
    await sessions.messages("s1", { cursor: "a/b" });
    await sessions.delete("s1");
    expect(requests).toEqual([
      "GET /v2/sessions?limit=5 Bearer key",
      "GET /v2/sessions/s1 Bearer key",
      "GET /v2/sessions/s1/messages?cursor=a%2Fb Bearer key",
      "DELETE /v2/sessions/s1 Bearer key",
    ]);
  });

  it("rejects with the server's code and when to try again", async () => {
    const gateway = await startGateway({
      onRequest: (_request, response) => {
        response.writeHead(503, { "retry-after": "2" });
        response.end('{"error":{"code":"maintenance","message":"back soon","requestId":"r"}}');
      },
    });
    const error = { code: "maintenance", message: "back soon", retryable: true, retryAfterMs: 2_000 };
    await expect(connectTo(gateway).sessions.list()).rejects.toMatchObject(error);
  });

  it("asks the next gateway when one cannot be reached", async () => {
    const gateway = await startGateway({ onRequest: (_request, response) => response.end('{"items":[]}') });
    const { sessions } = connectWith({ url: ["http://127.0.0.1:1", gateway.url] });
    expect(await sessions.list()).toEqual({ items: [] });
    const nowhere = connectWith({ url: "http://127.0.0.1:1" });
    await expect(nowhere.sessions.list()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("gets another token when one is refused", async () => {
    const gateway = await startGateway({
      onRequest: ({ headers }, response) => {
        response.writeHead(headers.authorization === "Bearer two" ? 200 : 401).end('{"items":[]}');
      },
    });
    const tokens = ["one", "two"];
    const { sessions } = connectWith({ url: gateway.url, token: async () => tokens.shift() ?? "none" });
    expect(await sessions.list()).toEqual({ items: [] });
  });

  it("gives up at its deadline", async () => {
    const gateway = await startGateway({ onRequest: () => undefined });
    const { sessions } = connectWith({ url: gateway.url, requestTimeoutMs: 30 });
    await expect(sessions.list()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });
});
