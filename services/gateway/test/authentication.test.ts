import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { spawnGateway } from "./support/gateway-process.js";
import { answerHello, startTestBed, type TestBed } from "./support/test-bed.js";
import {
  bearer,
  SECRET,
  SigningKey,
  signToken,
  startKeySetServer,
  staticKey,
  type KeySetServer,
} from "./support/tokens.js";
import { readUpgradeStatus } from "./support/upgrade-status.js";
import { V2Client } from "./support/v2-client.js";

const PREVIOUS_SECRET = "the secret that was used before this one";
const GRACE_MS = 500;
const rsa = new SigningKey("RS256");
const ec = new SigningKey("ES256");
const fileKeys = [new SigningKey("RS256"), new SigningKey("ES256")] as const;
let directory: string;
let keySet: KeySetServer;
let bed: TestBed;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authentication-"));
  const files = await Promise.all(
    fileKeys.map(async (key, index) => {
      const file = join(directory, `key-${index}.pem`);
      await writeFile(file, key.pem);
      return file;
    }),
  );
  keySet = await startKeySetServer([rsa, ec]);
  bed = await startTestBed(answerHello, {
    AUTH_JWT_SECRET: SECRET,
    AUTH_JWT_SECRET_PREVIOUS: PREVIOUS_SECRET,
    AUTH_JWT_PUBLIC_KEY_FILES: files.join(","),
    AUTH_JWKS_URL: keySet.url,
    AUTH_JWKS_COOLDOWN_MS: "100",
    AUTH_JWT_GRACE_MS: String(GRACE_MS),
    AUTH_API_KEYS: [
      staticKey("alice", "alice-1"),
      staticKey("alice", "alice-2"),
      staticKey("root", "root-key", "admin"),
    ].join(","),
    GATEWAY_ALLOWED_ORIGINS: "https://chat.example",
    GATEWAY_MESSAGES_PER_MINUTE: "100000",
  });
});

afterAll(async () => {
  await bed.stop();
  keySet.close();
  await rm(directory, { recursive: true, force: true });
});

/** The status of a request that needs to know its caller and does nothing else. */
async function statusWith(headers: Record<string, string>): Promise<number> {
  const response = await fetch(`${bed.gateway.url}/v2/turns/t1/cancel`, { method: "POST", headers });
  return response.status;
}

const connect = (token: string, how: "header" | "subprotocol" = "header") =>
  V2Client.connect(
    bed.gateway.url,
    how === "header" ? { headers: bearer(token) } : { protocols: ["orchestra.v2", `bearer.${token}`] },
  );

describe("a token", () => {
  const good: [string, () => Promise<string> | string][] = [
    ["a JWT of the shared secret", () => signToken({ sub: "alice" })],
    ["a JWT of the secret before it", () => signToken({ sub: "alice" }, { secret: PREVIOUS_SECRET })],
    ["a JWT of an RSA key in a file", () => fileKeys[0].sign({ sub: "alice" })],
    ["a JWT of a P-256 key in a file", () => fileKeys[1].sign({ sub: "alice" })],
    ["a JWT of an RSA key in the key set", () => rsa.sign({ sub: "alice" })],
    ["a JWT of a P-256 key in the key set", () => ec.sign({ sub: "alice" })],
    ["an API key", () => "alice-1"],
    ["another API key of the same client", () => "alice-2"],
    ["a JWT that expired within the grace", () => signToken({ sub: "alice" }, { expiresInMs: -GRACE_MS / 5 })],
  ];
  const bad: [string, () => Promise<string> | string][] = [
    ["a JWT of an unknown secret", () => signToken({ sub: "alice" }, { secret: "x".repeat(32) })],
    ["a JWT of an unknown key", () => new SigningKey("RS256").sign({ sub: "alice" })],
    ["a JWT that expired", () => signToken({ sub: "alice" }, { expiresInMs: -10_000 })],
    ["a JWT without a client", () => signToken({})],
    ["an unknown API key", () => "alice-3"],
    ["an API key that was never made", () => `orc_${"0".repeat(16)}_${"A".repeat(43)}`],
    ["nonsense", () => "...."],
  ];

  test.each(good)("%s is taken over HTTP and WebSocket, in header and subprotocol", async (_what, token) => {
    const given = await token();
    expect(await statusWith(bearer(given))).toBe(202);
    for (const how of ["header", "subprotocol"] as const) {
      const client = await connect(given, how);
      await client.receive("hello");
      client.close();
    }
  });

  test.each(bad)("%s is refused: 401, and 4502 after an error frame", async (_what, token) => {
    const given = await token();
    expect(await statusWith(bearer(given))).toBe(401);
    const client = await connect(given);
    expect(await client.receive("error")).toMatchObject({ code: "unauthorized", retryable: false });
    expect(await client.closed).toMatchObject({ code: 4502 });
    expect(client.frames).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["another scheme", { authorization: "Basic YWxpY2U6eA==" }],
    ["an empty token", { authorization: "Bearer " }],
  ])("%s is no token", async (_what, headers) => {
    const response = await fetch(`${bed.gateway.url}/v2/sessions`, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toMatchObject({ error: { code: "unauthorized" } });
  });

  test("is not looked for in the query", async () => {
    const token = await signToken({ sub: "alice" });
    const response = await fetch(`${bed.gateway.url}/v2/sessions?token=${token}&access_token=${token}`);
    expect(response.status).toBe(401);
    const client = await V2Client.connect(bed.gateway.url, { path: `/ws?token=${token}` });
    expect(await client.closed).toMatchObject({ code: 4502 });
  });

  test("is never in the log", async () => {
    const token = await signToken({ sub: "alice" });
    await statusWith(bearer(`${token}x`));
    const [, payload, signature] = token.split(".");
    expect(bed.gateway.log.join("\n")).not.toContain(payload);
    expect(bed.gateway.log.join("\n")).not.toContain(signature);
  });
});

describe("the key set", () => {
  test("is asked again when a token names a new key, and forgets the one that was taken out", async () => {
    const next = new SigningKey("ES256");
    const token = await next.sign({ sub: "alice" });
    keySet.publish([next, ec]);
    await eventually(async () => expect(await statusWith(bearer(token))).toBe(202));
    expect(await statusWith(bearer(await rsa.sign({ sub: "alice", jti: "after the rotation" })))).toBe(401);
  });

  test("is not asked for every bad token", async () => {
    const before = keySet.requests;
    const strangers = await Promise.all(
      Array.from({ length: 20 }, () => new SigningKey("ES256").sign({ sub: "alice" })),
    );
    const startedAt = Date.now();
    await Promise.all(strangers.map(async (token) => expect(await statusWith(bearer(token))).toBe(401)));
    expect(keySet.requests - before).toBeLessThanOrEqual(2 + (Date.now() - startedAt) / 100);
  });

  test("is used on while its server fails", async () => {
    keySet.publish(undefined);
    expect(await statusWith(bearer(await ec.sign({ sub: "alice", jti: "during the outage" })))).toBe(202);
    keySet.publish([rsa, ec]);
  });

  test("that cannot be fetched at all is a 503, not a bad token", async () => {
    const broken = await startKeySetServer([]);
    broken.publish(undefined);
    const gateway = await bed.addGateway({ AUTH_JWKS_URL: broken.url });
    const headers = bearer(await ec.sign({ sub: "alice" }));
    const response = await fetch(`${gateway.url}/v2/sessions`, { headers });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    broken.close();
  });
});

describe("a connection", () => {
  test("is closed with 4004 when its token ends, unless that was refreshed", async () => {
    const short = { expiresInMs: 1_500 };
    const leaving = await connect(await signToken({ sub: "alice" }, short));
    const staying = await connect(await signToken({ sub: "alice" }, short));
    await staying.receive("hello");
    staying.send({ type: "auth.refresh", token: await signToken({ sub: "alice" }) });
    expect(await leaving.closed).toMatchObject({ code: 4004 });
    staying.send({ type: "ping", nonce: "alive" });
    await staying.receive("pong", ({ nonce }) => nonce === "alive");
    staying.close();
  });

  test("keeps its token when the new one is bad", async () => {
    const client = await connect(await signToken({ sub: "alice" }));
    client.send({ type: "auth.refresh", token: "bad" });
    expect(await client.receive("error")).toMatchObject({ code: "unauthorized" });
    client.send({ type: "ping" });
    await client.receive("pong");
    client.close();
  });

  test("is closed with 4505 when the new token is another client's", async () => {
    const client = await connect(await signToken({ sub: "alice" }));
    client.send({ type: "auth.refresh", token: await signToken({ sub: "bob" }) });
    expect(await client.receive("error")).toMatchObject({ code: "forbidden" });
    expect(await client.closed).toMatchObject({ code: 4505 });
  });
});

describe("an API key that is made at run time", () => {
  const admin = (path: string, init: RequestInit = {}, url = bed.gateway.url) =>
    fetch(`${url}/admin/api-keys${path}`, { ...init, headers: bearer("root-key") });
  const create = async (body: object) => {
    const response = await admin("", { method: "POST", body: JSON.stringify(body) });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    return (await response.json()) as { id: string; key: string };
  };

  test("works on every gateway, is listed without itself, and is refused everywhere once revoked", async () => {
    const other = await bed.addGateway({ AUTH_MODE: "required" });
    const { id, key } = await create({ clientId: "carol", label: "laptop", scopes: ["flags:read"] });
    const list = await (await admin("")).text();
    expect(JSON.parse(list)).toMatchObject({ apiKeys: [{ id, clientId: "carol", scopes: ["flags:read"] }] });
    expect(list).not.toContain(key);

    const here = await connect(key);
    await here.receive("hello");
    const there = await eventually(async () => {
      const client = await V2Client.connect(other.url, { headers: bearer(key) });
      await client.receive("hello");
      return client;
    });
    expect((await admin(`/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(await here.closed).toMatchObject({ code: 4502 });
    expect(await there.closed).toMatchObject({ code: 4502 });
    expect(await statusWith(bearer(key))).toBe(401);
    expect((await fetch(`${other.url}/v2/sessions`, { headers: bearer(key) })).status).toBe(401);
    expect((await admin(`/${id}`, { method: "DELETE" })).status).toBe(404);
  });

  test("may be one of several of its client, and ends by itself", async () => {
    const lasting = await create({ clientId: "carol" });
    const passing = await create({ clientId: "carol", expiresInMs: 1_500 });
    expect(await statusWith(bearer(passing.key))).toBe(202);
    const client = await connect(passing.key);
    expect(await client.closed).toMatchObject({ code: 4004 });
    expect(await statusWith(bearer(passing.key))).toBe(401);
    expect(await statusWith(bearer(lasting.key))).toBe(202);
  });

  test.each<[string, object]>([
    ["no client", {}],
    ["an empty client", { clientId: "" }],
    ["scopes that are none", { clientId: "carol", scopes: "admin" }],
    ["a lifetime that is none", { clientId: "carol", expiresInMs: -1 }],
  ])("is refused with %s", async (_what, body) => {
    expect((await admin("", { method: "POST", body: JSON.stringify(body) })).status).toBe(400);
  });
});

describe("a page", () => {
  test.each([
    ["https://chat.example", 202],
    ["http://localhost", 202],
    ["https://evil.example", 403],
    ["https://chat.example.evil.example", 403],
    ["null", 403],
  ])("of %s is answered %i", async (origin, status) => {
    expect(await statusWith({ ...bearer("alice-1"), origin })).toBe(status);
    const upgraded = await readUpgradeStatus(`${bed.gateway.url}/ws`, { origin, headers: bearer("alice-1") });
    expect(upgraded).toBe(status === 202 ? 101 : status);
  });
});

test("an address that keeps sending bad tokens is turned away for a while, whatever it sends", async () => {
  const gateway = await bed.addGateway({ AUTH_MODE: "required", GATEWAY_MAX_BAD_TOKENS_PER_MINUTE: "3" });
  const status = async () => (await fetch(`${gateway.url}/v2/sessions`, { headers: bearer("bad") })).status;
  expect([await status(), await status(), await status()]).toEqual([401, 401, 401]);
  const refused = await fetch(`${gateway.url}/v2/sessions`, { headers: bearer("alice-1") });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  await gateway.waitForMetric(/gateway_limit_refusals_total\{limit="failed_tokens"[^}]*\} 1/);
});

describe("behind a proxy that is trusted", () => {
  const trusting = {
    AUTH_MODE: "required",
    GATEWAY_TRUSTED_PROXIES: "127.0.0.1",
    GATEWAY_MAX_BAD_TOKENS_PER_MINUTE: "2",
  };

  test("bad tokens count for the address that it forwards", async () => {
    const gateway = await bed.addGateway(trusting);
    const statusFor = async (address: string) => {
      const headers = { ...bearer("bad"), "x-forwarded-for": address };
      return (await fetch(`${gateway.url}/v2/sessions`, { headers })).status;
    };
    expect([await statusFor("1.1.1.1"), await statusFor("1.1.1.1"), await statusFor("1.1.1.1")]).toEqual([
      401, 401, 429,
    ]);
    expect(await statusFor("2.2.2.2")).toBe(401);
    expect(await statusFor("2.2.2.2, 1.1.1.1")).toBe(429);
  });

  test("the PROXY protocol says the address where it is switched on", async () => {
    const gateway = await bed.addGateway({ ...trusting, GATEWAY_PROXY_PROTOCOL: "on" });
    const statuses: string[] = [];
    for (const address of [3, 3, 3, 4]) statuses.push(await statusOverProxy(gateway.url, address));
    expect(statuses).toEqual(["401", "401", "429", "401"]);
  });

  /** Sends a bad token from `address`.0.0.1, as a proxy says it in binary (version 2 of the protocol). */
  async function statusOverProxy(url: string, address: number): Promise<string> {
    const socket = createConnection(Number(new URL(url).port), "127.0.0.1");
    const signature = Buffer.from("0d0a0d0a000d0a515549540a2111000c", "hex");
    const source = Buffer.from([address, 0, 0, 1, 127, 0, 0, 1, 16, 0, 16, 1]);
    const request = "GET /v2/sessions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer bad\r\n\r\n";
    socket.write(Buffer.concat([signature, source, Buffer.from(request)]));
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return head.toString().split(" ")[1] ?? "";
  }
});

test("a gateway that other machines reach does not start without authentication", async () => {
  const child = spawnGateway({ GATEWAY_HOST: "0.0.0.0", GATEWAY_PORT: "0", OPS_PORT: "0" });
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(78);
  expect(output.trim().split("\n")).toHaveLength(1);
  expect(output).toContain('GATEWAY_HOST="0.0.0.0" lets other machines in, and no token is asked for');
});
