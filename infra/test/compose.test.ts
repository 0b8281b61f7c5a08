import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SERVICES, type ServiceName } from "../../packages/contracts/src/index.js";
import { describeEnv } from "../../packages/service-kit/src/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly dockerfile: string; readonly args: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly profiles?: readonly string[];
  readonly healthcheck?: object;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

const text = await readFile(join(ROOT, "docker-compose.yml"), "utf8");
const compose = parse(text, { merge: true }) as ComposeFile;
const folders = await readdir(join(ROOT, "services"));
const names = folders.filter((name): name is ServiceName => existsSync(join(ROOT, "services", name, "src/main.ts")));
const images = Object.entries(compose.services);
const own = images.filter(([name]) => names.includes(name as ServiceName));

describe("docker-compose.yml", () => {
  test("has every service of services/, built from the one Dockerfile", () => {
    expect(own.map(([name]) => name).sort()).toEqual([...names].sort());
    for (const [name, { build }] of own) {
      expect(build).toMatchObject({ dockerfile: "infra/docker/Dockerfile", args: { SERVICE: name } });
    }
  });

  test.each(names)("sets only variables that %s knows", async (name) => {
    const config = (await import(join(ROOT, "services", name, "src/config.ts"))) as {
      envSchema: Parameters<typeof describeEnv>[0]["env"];
    };
    const known = describeEnv({ name, env: config.envSchema }).map((variable) => variable.name);
    const set = Object.keys(compose.services[name]?.environment ?? {});
    expect(set.filter((variable) => !known.includes(variable))).toEqual([]);
    expect(set).toEqual(expect.arrayContaining(["NATS_URL", "NATS_NKEY_SEED"]));
  });

  test("pins every image to a version", () => {
    for (const [, { image }] of images) {
      const tag = image.replace(/\$\{[A-Z_]+:-([^}]*)\}/, "$1").split(":")[1];
      expect(tag, image).toBeDefined();
      expect(tag, image).not.toBe("latest");
    }
  });

  test("holds no secret: those come from the environment, and nothing starts without them", () => {
    const secret = /(?:SECRET|PASSWORD|NKEY|NKEY_SEED|SHA256)$/;
    for (const [name, { environment = {} }] of images) {
      for (const [variable, value] of Object.entries(environment)) {
        if (secret.test(variable)) expect(value, `${name} ${variable}`).toMatch(/^\$\{[A-Z0-9_]+:\?.+\}$/);
      }
    }
    expect(text).not.toMatch(/\b(?:SU|U)[A-Z2-7]{55,57}\b|[0-9a-f]{32}/);
  });

  test("gives each seed to one service only, and the operator's to none", () => {
    for (const [name, { environment = {} }] of images) {
      const seeds = Object.values(environment).filter((value) => value.includes("_NKEY_SEED"));
      expect(seeds.every((value) => value.startsWith(`\${NATS_${name.toUpperCase()}_NKEY_SEED:`))).toBe(true);
    }
  });

  test("publishes the gateway's port only, to this machine unless told otherwise", () => {
    const published = images.filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(["gateway"]);
    expect(compose.services["gateway"]?.ports).toEqual(["${GATEWAY_BIND:-127.0.0.1}:${GATEWAY_PORT:-8080}:8080"]);
    expect(compose.services["gateway"]?.environment).toMatchObject({ AUTH_MODE: "required" });
  });

  test("lets only memory reach Redis, and bus and Redis reach nobody outside", () => {
    expect(images.filter(([, { networks }]) => networks.includes("data")).map(([name]) => name)).toEqual([
      "memory",
      "redis",
    ]);
    expect(compose.networks["bus"]).toEqual({ internal: true });
    expect(compose.networks["data"]).toEqual({ internal: true });
  });

  test("runs the services without privileges on a file system that they cannot write to", () => {
    for (const [, service] of own) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
    }
  });

  test("uses nothing that docker-compose 1.29 refuses", () => {
    const known = ["x-hardened", "x-service", "services", "networks", "volumes"];
    expect(Object.keys(parse(text) as object).filter((key) => !known.includes(key))).toEqual([]);
  });
});

describe("the Dockerfile", () => {
  test("checks the health of every service at its own ops port, and runs none as root", async () => {
    const dockerfile = await readFile(join(ROOT, "infra/docker/Dockerfile"), "utf8");
    expect(dockerfile).toMatch(/^HEALTHCHECK .*check-ready\.mjs/m);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).not.toMatch(/--mount|^# *syntax=/m);
    expect(Object.keys(SERVICES)).toEqual(expect.arrayContaining(names));
  });
});
