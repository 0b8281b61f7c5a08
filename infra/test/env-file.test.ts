import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAKE_ENV = join(ROOT, "infra/docker/make-env.mjs");
const MINT_TOKEN = join(ROOT, "infra/docker/mint-token.mjs");

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orchestra-env-"));
  file = join(folder, ".env");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function readVariables(): Promise<Record<string, string>> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

describe("make-env", () => {
  test("makes every secret that Compose asks for, readable by its owner only", async () => {
    await run(process.execPath, [MAKE_ENV, file]);
    const made = await readVariables();
    const compose = await readFile(join(ROOT, "docker-compose.yml"), "utf8");
    const needed = [...compose.matchAll(/\$\{([A-Z0-9_]+):\?/g)].map(([, name = ""]) => name);
    expect(Object.keys(made)).toEqual(expect.arrayContaining(needed));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(made["REDIS_MEMORY_PASSWORD_SHA256"]).toBe(
      createHash("sha256").update(made["REDIS_MEMORY_PASSWORD"]!).digest("hex"),
    );
  });

  test("makes other secrets each time, and keeps those that are there", async () => {
    await writeFile(file, "OPENAI_API_KEY=mine\nAUTH_JWT_SECRET=kept");
    await run(process.execPath, [MAKE_ENV, file]);
    const first = await readVariables();
    expect(first).toMatchObject({ OPENAI_API_KEY: "mine", AUTH_JWT_SECRET: "kept" });
    await run(process.execPath, [MAKE_ENV, file]);
    expect(await readVariables()).toEqual(first);
    const other = join(folder, "other.env");
    await run(process.execPath, [MAKE_ENV, other]);
    expect(await readFile(other, "utf8")).not.toContain(first["NATS_MEMORY_NKEY_SEED"]);
  });

  test("is ignored by git", async () => {
    const ignored = (await readFile(join(ROOT, ".gitignore"), "utf8")).split("\n");
    expect(ignored).toContain(".env");
  });
});

describe("mint-token", () => {
  test("signs a token that expires, with the scopes asked for", async () => {
    const env = { ...process.env, AUTH_JWT_SECRET: "a secret of the tests that is long enough" };
    const { stdout } = await run(process.execPath, [MINT_TOKEN, "alice", "--scope", "admin", "--hours", "1"], { env });
    const [, claims = ""] = stdout.trim().split(".");
    const decoded = parse(Buffer.from(claims, "base64url").toString()) as { exp: number; iat: number };
    expect(decoded).toMatchObject({ sub: "alice", scopes: ["admin"] });
    expect(decoded.exp - decoded.iat).toBe(3_600);
  });
});
