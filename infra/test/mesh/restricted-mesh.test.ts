import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import {
  startNatsServer,
  startRedisServer,
  startStack,
  type NatsServer,
  type RedisServer,
  type Stack,
} from "../../../packages/stack/src/index.js";

import { eventually } from "../../../packages/testkit/src/index.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let dataDir: string;
let secrets: ReadonlyMap<string, string>;
let nats: NatsServer;
let redis: RedisServer;
let stack: Stack;
let token: string;

const secret = (name: string): string => secrets.get(name)!;

/** What `docker-compose.yml` tells Redis about a user. */
async function readRedisUsers(): Promise<string[][]> {
  const compose = parse(await readFile(join(ROOT, "docker-compose.yml"), "utf8"), { merge: true }) as {
    services: { redis: { command: string[] } };
  };
  const words = compose.services.redis.command.map((word) =>
    word.replace(/\$\{([A-Z0-9_]+):\?[^}]*\}/, (_variable, name: string) => secret(name)),
  );
  return words.flatMap((word, index) => {
    if (word !== "--user") return [];
    const rest = words.slice(index + 1);
    const end = rest.findIndex((next) => next.startsWith("--"));
    return [end === -1 ? rest : rest.slice(0, end)];
  });
}

function asRedisUser(user: string, password: string, ...command: string[]) {
  const authentication = user === "" ? [] : ["--no-auth-warning", "--user", user, "--pass", password];
  return run("redis-cli", ["-p", String(redis.port), ...authentication, ...command]);
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "orchestra-restricted-"));
  const envFile = join(dataDir, ".env");
  await run(process.execPath, [join(ROOT, "infra/docker/make-env.mjs"), envFile]);
  const lines = (await readFile(envFile, "utf8")).trim().split("\n");
  secrets = new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));

  const authorization = await readFile(join(ROOT, "infra/nats/authorization.conf"), "utf8");
  nats = await startNatsServer({
    dataDir: join(dataDir, "nats"),
    // As in nats-server.conf: no room for two of the largest stream.
    maxFileStoreBytes: 12_000_000_000,
    extraConfig: authorization.replaceAll(/\$(NATS_[A-Z]+_NKEY)\b/g, (_variable, name: string) => `"${secret(name)}"`),
  });
  redis = await startRedisServer({ dataDir: join(dataDir, "redis") });
  const users = await readRedisUsers();
  await asRedisUser("", "", "ACL", "SETUSER", "inspector", "on", "nopass", "+acl");
  for (const [name = "", ...rules] of users.filter(([user]) => user !== "default")) {
    await asRedisUser("", "", "ACL", "SETUSER", name, ...rules);
  }
  await asRedisUser("", "", "ACL", "SETUSER", "default", "off");

  const names = ["gateway", "orchestrator", "memory", "flags", "health"];
  stack = await startStack({
    dataDir: join(dataDir, "stack"),
    natsUrl: nats.url,
    redisUrl: redis.url.replace("//", `//memory:${secret("REDIS_MEMORY_PASSWORD")}@`),
    env: { ORCHESTRA_BUILTIN_TOKEN_DELAY_MS: "0" },
    serviceEnv: Object.fromEntries(
      names.map((name) => [
        name,
        {
          NATS_NKEY_SEED: secret(`NATS_${name.toUpperCase()}_NKEY_SEED`),
          ...(name === "gateway" ? { AUTH_JWT_SECRET: secret("AUTH_JWT_SECRET") } : {}),
        },
      ]),
    ),
  });
  const mintToken = [join(ROOT, "infra/docker/mint-token.mjs"), "alice", "--scope", "admin"];
  const env = { ...process.env, AUTH_JWT_SECRET: secret("AUTH_JWT_SECRET") };
  token = (await run(process.execPath, mintToken, { env })).stdout.trim();
});

afterAll(async () => {
  await stack?.stop();
  await redis?.stop();
  await nats?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function ask(path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return fetch(
    stack.url + path,
    body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) },
  );
}

/** What NATS refused since it was started. */
async function readRefusals(): Promise<string[]> {
  return (await readFile(nats.logFile, "utf8")).split("\n").filter((line) => line.includes("Violation"));
}

/** How often the orchestrator's circuit to memory went to the state. */
async function countCircuitChanges(to: "open" | "closed"): Promise<number> {
  const metrics = await (await fetch(`${stack.service("orchestrator").opsUrl}/metrics`)).text();
  const line = metrics.split("\n").find((text) => text.includes('breaker="memory"') && text.includes(`to="${to}"`));
  return Number(line?.split(" ").at(-1) ?? 0);
}

test("the permissions of Compose are enough for everything that a client does", async () => {
  for (const text of ["What can you do?", "And what did I just ask?"]) {
    const answer = await ask("/v2/chat", { sessionId: "restricted", input: { text } });
    expect(answer.status, await answer.clone().text()).toBe(200);
    expect(await answer.json()).toMatchObject({ metadata: { degraded: false } });
  }
  const sessions = (await (await ask("/v2/sessions")).json()) as { items: { turns: number }[] };
  expect(sessions.items).toMatchObject([{ sessionId: "restricted", turns: 2 }]);
  for (const path of ["/v1/models", "/health", "/v2/sessions/restricted/messages", "/admin/api-keys"]) {
    await eventually(async () => expect((await ask(path)).status, path).toBe(200));
  }
  expect((await ask("/v2/turns/none/cancel", { sessionId: "restricted" })).status).toBeLessThan(500);
  expect((await fetch(`${stack.url}/v2/sessions`)).status).toBe(401);

  expect(await readRefusals()).toEqual([]);
  const { stdout } = await asRedisUser("inspector", "-", "ACL", "LOG");
  expect(stdout.trim()).toBe("");
});

test("the permissions of Compose are enough to recover from a memory that froze", { timeout: 120_000 }, async () => {
  const memory = stack.service("memory");
  memory.kill("SIGSTOP");
  const sessionIds = ["a", "b", "c", "d"];
  await Promise.all(sessionIds.map((sessionId) => ask("/v2/chat", { sessionId, input: { text: "Are you there?" } })));
  await eventually(async () => expect(await countCircuitChanges("open")).toBe(1), { timeoutMs: 20_000 });
  memory.kill("SIGCONT");
  // No traffic: it closes because a probe was answered.
  await eventually(async () => expect(await countCircuitChanges("closed")).toBe(1), { timeoutMs: 20_000 });
  expect(await readRefusals()).toEqual([]);
});

test("Redis lets in nobody without a name, and memory do nothing but its work", async () => {
  const password = secret("REDIS_MEMORY_PASSWORD");
  const answers = await Promise.all(
    [
      asRedisUser("", "", "PING"),
      asRedisUser("memory", "wrong", "PING"),
      asRedisUser("memory", password, "FLUSHALL"),
      asRedisUser("memory", password, "CONFIG", "GET", "*"),
      asRedisUser("memory", password, "KEYS", "*"),
      asRedisUser("memory", password, "SET", "elsewhere", "1"),
      asRedisUser("probe", "-", "GET", "owners"),
      asRedisUser("probe", "-", "PING"),
    ].map((call) =>
      call.then(
        ({ stdout, stderr }) => stdout + stderr,
        (error: Error) => error.message,
      ),
    ),
  );
  expect(answers.slice(0, -1).map((answer) => /NOAUTH|NOPERM|WRONGPASS/.exec(answer)?.[0])).toEqual([
    "NOAUTH",
    "NOAUTH",
    "NOPERM",
    "NOPERM",
    "NOPERM",
    "NOPERM",
    "NOPERM",
  ]);
  expect(answers.at(-1)).toContain("PONG");
});
