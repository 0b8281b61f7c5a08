import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@ai-orchestra/service-kit";
import { createLogger } from "@ai-orchestra/telemetry";
import { eventually, startUpstream, type Upstream } from "@ai-orchestra/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ModelCatalog } from "./model-catalog.js";
import { ModelsFileError } from "./models-file-error.js";

const catalogs: ModelCatalog[] = [];
let upstream: Upstream;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "models-"));
  upstream = await startUpstream({ models: ["chat-a", "text-embedding-x", "chat-b"] });
});
afterEach(async () => {
  await Promise.all(catalogs.splice(0).map((catalog) => catalog.stop()));
  await upstream.close();
  await rm(directory, { recursive: true });
});

async function startCatalog(env: Record<string, string>): Promise<ModelCatalog> {
  const logger = createLogger({ service: "orchestrator", instance: "test", level: "silent" });
  const catalog = new ModelCatalog({ env, clock: systemClock, logger, pollMs: 20 });
  catalogs.push(catalog);
  await catalog.start();
  return catalog;
}

async function writeModels(text: string): Promise<string> {
  const path = join(directory, "models.yaml");
  await writeFile(path, text);
  return path;
}

function idsOf(catalog: ModelCatalog): string[] {
  return catalog.list().map(({ id }) => id);
}

describe("without a models file", () => {
  it("offers only the offline model when nothing is configured", async () => {
    const catalog = await startCatalog({ OPENAI_API_KEY: "" });
    expect(idsOf(catalog)).toEqual(["orchestra/builtin"]);
    expect(catalog.resolve(undefined, "balanced").id).toBe("orchestra/builtin");
  });

  it.each([
    ["OPENAI_API_KEY", "openai"],
    ["ANTHROPIC_API_KEY", "anthropic"],
    ["GOOGLE_GENERATIVE_AI_API_KEY", "google"],
  ])("is ready with %s alone, the offline model listed last", async (variable, provider) => {
    const catalog = await startCatalog({ [variable]: "key" });
    expect(catalog.resolve(undefined, "balanced").provider).toBe(provider);
    expect(idsOf(catalog).at(-1)).toBe("orchestra/builtin");
    expect(catalog.resolve("builtin", "balanced").id).toBe("orchestra/builtin");
  });

  it("asks the endpoint of OPENAI_BASE_URL for its chat models", async () => {
    const catalog = await startCatalog({ OPENAI_BASE_URL: upstream.url });
    expect(idsOf(catalog)).toEqual(["openai/chat-a", "openai/chat-b", "orchestra/builtin"]);
  });

  it("takes the address of Ollama without /v1", async () => {
    const catalog = await startCatalog({ OLLAMA_BASE_URL: upstream.url.replace("http://", "").replace("/v1", "/") });
    expect(catalog.resolve(undefined, "auto").id).toBe("ollama/chat-a");
  });

  it("says provider_unavailable, and never answers offline, while an endpoint is silent", async () => {
    await upstream.close();
    const catalog = await startCatalog({ OPENAI_BASE_URL: upstream.url });
    expect(() => catalog.resolve(undefined, "balanced")).toThrow(
      expect.objectContaining({ code: "provider_unavailable" }) as Error,
    );
  });

  it.each([
    [{ OPENAI_API_KEY: "k", ORCHESTRA_DEFAULT_MODEL: "gpt-4.1" }, "openai/gpt-4.1"],
    [{ OPENAI_API_KEY: "k", ORCHESTRA_DEFAULT_MODEL: "openai/gpt-new" }, "openai/gpt-new"],
    [{ OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k", ORCHESTRA_DEFAULT_MODEL: "anthropic/new" }, "anthropic/new"],
    [{ OPENAI_API_KEY: "k", ORCHESTRA_DEFAULT_MODEL: "orchestra/builtin" }, "orchestra/builtin"],
  ])("lets %j pick the default %s", async (env, id) => {
    const catalog = await startCatalog(env);
    expect(catalog.resolve(undefined, "balanced").id).toBe(id);
    expect(idsOf(catalog)[0]).toBe(id);
  });

  it("takes the picked name at its word while the endpoint is silent", async () => {
    await upstream.close();
    const catalog = await startCatalog({ OPENAI_BASE_URL: upstream.url, ORCHESTRA_DEFAULT_MODEL: "llama" });
    expect(catalog.resolve(undefined, "balanced").id).toBe("openai/llama");
  });

  it.each([
    ["OPENAI_BASE_URL", "nonsense"],
    ["ORCHESTRA_DEFAULT_MODEL", "gone"],
  ])("refuses to start with %s=%s", async (variable, value) => {
    await expect(startCatalog({ [variable]: value })).rejects.toThrow(variable);
  });
});

const TWO_PROVIDERS = `
default: b/two
modes: { lite: a/one }
timeouts: { idleMs: 5000 }
providers:
  a:
    kind: generator
    models: [{ name: one, fallbacks: [b/two] }, { name: shared }]
  b:
    kind: openai
    baseUrl: http://127.0.0.1:9/v1
    apiKeyEnv: B_KEY
    timeouts: { firstTokenMs: 1000 }
    models: [{ name: two, timeouts: { firstTokenMs: 2000 } }, { name: shared }]
`;

describe("with a models file", () => {
  it("lists its models, the default first", async () => {
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: await writeModels(TWO_PROVIDERS) });
    expect(idsOf(catalog)).toEqual(["b/two", "a/one", "a/shared", "b/shared", "orchestra/builtin"]);
  });

  it("resolves full names, unique bare names and modes", async () => {
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: await writeModels(TWO_PROVIDERS) });
    expect(catalog.resolve("a/shared", "auto").id).toBe("a/shared");
    expect(catalog.resolve("one", "auto").id).toBe("a/one");
    expect(catalog.resolve(undefined, "lite").id).toBe("a/one");
    expect(catalog.resolve(undefined, "quality").id).toBe("b/two");
  });

  it.each(["gone", "a/gone", "shared", "a/"])("does not find %s", async (name) => {
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: await writeModels(TWO_PROVIDERS) });
    expect(() => catalog.resolve(name, "auto")).toThrow(expect.objectContaining({ code: "not_found" }) as Error);
  });

  it("gives a model the timeouts that are closest to it", async () => {
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: await writeModels(TWO_PROVIDERS) });
    expect(catalog.resolve("b/two", "auto").timeouts).toMatchObject({ firstTokenMs: 2_000, idleMs: 5_000 });
    expect(catalog.resolve("b/shared", "auto").timeouts).toMatchObject({ firstTokenMs: 1_000, idleMs: 5_000 });
    expect(catalog.resolve("a/one", "auto").timeouts).toMatchObject({ firstTokenMs: 30_000, idleMs: 5_000 });
  });

  it("says which variable is missing when a model without a key is asked", async () => {
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: await writeModels(TWO_PROVIDERS) });
    const { chat } = catalog.resolve("b/two", "auto");
    const events = chat.stream({ model: "two", messages: [] }, new AbortController().signal);
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "provider_unavailable",
      retryable: false,
      message: expect.stringContaining("B_KEY") as string,
    });
  });

  it("refuses to start with a file that is bad or not there", async () => {
    await expect(startCatalog({ ORCHESTRA_CONFIG: join(directory, "none.yaml") })).rejects.toThrow("ORCHESTRA_CONFIG");
    const path = await writeModels("providers: 3");
    await expect(startCatalog({ ORCHESTRA_CONFIG: path })).rejects.toThrow(ModelsFileError);
  });

  it("takes over a change, and keeps the connections of what did not change", async () => {
    const path = await writeModels(TWO_PROVIDERS);
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: path, B_KEY: "k" });
    const { chat } = catalog.resolve("b/two", "auto");
    await writeModels(TWO_PROVIDERS.replaceAll("one", "uno"));
    await eventually(() => expect(idsOf(catalog)).toContain("a/uno"));
    expect(idsOf(catalog)).not.toContain("a/one");
    expect(catalog.resolve("b/two", "auto").chat).toBe(chat);
  });

  it("sees a new file that was moved over the old one", async () => {
    const path = await writeModels(TWO_PROVIDERS);
    const catalog = await startCatalog({ ORCHESTRA_CONFIG: path });
    const fresh = join(directory, "fresh.yaml");
    await writeFile(fresh, "providers: { only: { kind: generator } }");
    await rename(fresh, path);
    await eventually(() => expect(idsOf(catalog)).toEqual(["only/generator", "orchestra/builtin"]));
  });

  it("keeps what it has, and logs line and field, when the file turns bad or goes away", async () => {
    const lines: string[] = [];
    const logger = createLogger({ service: "orchestrator", instance: "test", level: "error" });
    vi.spyOn(logger, "error").mockImplementation((fields: unknown) => {
      lines.push((fields as { err: Error }).err.message);
    });
    const path = await writeModels(TWO_PROVIDERS);
    const env = { ORCHESTRA_CONFIG: path };
    const catalog = new ModelCatalog({ env, clock: systemClock, logger, pollMs: 20 });
    catalogs.push(catalog);
    await catalog.start();
    const before = idsOf(catalog);

    await writeModels(TWO_PROVIDERS.replace("default: b/two", "default: b/gone"));
    await eventually(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatch(/models\.yaml:2:1 default /);
    expect(idsOf(catalog)).toEqual(before);

    await rm(path);
    await eventually(() => expect(lines).toHaveLength(2));
    expect(idsOf(catalog)).toEqual(before);

    await writeModels(TWO_PROVIDERS.replaceAll("one", "uno"));
    await eventually(() => expect(idsOf(catalog)).toContain("a/uno"));
  });
});
