import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ModelsFileError } from "./models-file-error.js";
import { parseModelsFile } from "./parse-models-file.js";

const GOOD = `
default: openai/small
modes:
  quality: large
providers:
  openai:
    kind: openai
    apiKeyEnv: OPENAI_API_KEY
    models:
      - name: small
        prices: { inputPerMillion: 0.1, outputPerMillion: 0.4 }
        fallbacks: [local/llama]
      - name: large
        upstream: large-2026
        timeouts: { firstTokenMs: 60000 }
  local:
    kind: openai
    baseUrl: http://127.0.0.1:11434/v1
`;

function failureOf(text: string): ModelsFileError {
  try {
    parseModelsFile(text, "models.yaml");
  } catch (thrown) {
    if (thrown instanceof ModelsFileError) return thrown;
    throw thrown;
  }
  throw new Error("the file was accepted");
}

/** The good file with one line replaced; answers the number of that line too. */
function breakLine(line: string, replacement: string): { text: string; lineNumber: number } {
  const lines = GOOD.split("\n");
  const index = lines.findIndex((candidate) => candidate.includes(line));
  expect(index).toBeGreaterThanOrEqual(0);
  lines[index] = replacement;
  return { text: lines.join("\n"), lineNumber: index + 1 };
}

describe("parseModelsFile", () => {
  it("reads providers, models and defaults", () => {
    const settings = parseModelsFile(GOOD, "models.yaml");
    expect(settings.default).toBe("openai/small");
    expect(settings.providers["openai"]).toMatchObject({
      kind: "openai",
      baseUrl: "https://api.openai.com/v1",
      maxConnections: 256,
      models: [
        { name: "small", fallbacks: ["local/llama"] },
        { name: "large", upstream: "large-2026" },
      ],
    });
    expect(settings.providers["local"]?.models).toBeUndefined();
  });

  it("reads the example of the documentation", () => {
    const page = readFileSync(new URL("../../../../docs/models.md", import.meta.url), "utf8");
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1];
    expect(Object.keys(parseModelsFile(example ?? "", "docs/models.md").providers)).toContain("load");
  });

  it.each([
    ["kind: openai", "    kind: opnai", "providers.openai.kind"],
    ["firstTokenMs", "        timeouts: { firstTokenMs: soon }", "providers.openai.models[1].timeouts.firstTokenMs"],
    ["upstream:", "        upstrem: x", "providers.openai.models[1].upstrem"],
    [
      "prices:",
      "        prices: { inputPerMillion: -1, outputPerMillion: 1 }",
      "providers.openai.models[0].prices.inputPerMillion",
    ],
    ["baseUrl:", "    baseUrl: ftp://somewhere", "providers.local.baseUrl"],
    ["default:", "default: openai/gone", "default"],
    ["quality:", "  quality: gone", "modes.quality"],
    ["fallbacks:", "        fallbacks: [openai/gone]", "providers.openai.models[0].fallbacks[0]"],
    ["- name: large", "      - name: small", "providers.openai.models[1].name"],
    ["apiKeyEnv", "    apiKeyEnv: sk-live-123", "providers.openai.apiKeyEnv"],
  ])("says line and field when %s is wrong", (line, replacement, field) => {
    const { text, lineNumber } = breakLine(line, replacement);
    const { issues, message } = failureOf(text);
    expect(issues).toContainEqual(expect.objectContaining({ field, line: lineNumber }));
    expect(message).toContain(`models.yaml:${lineNumber}:`);
  });

  it("never repeats a key that was written into the file", () => {
    const inName = breakLine("apiKeyEnv", "    apiKeyEnv: sk-live-123");
    const asField = breakLine("apiKeyEnv", "    apiKey: sk-live-123");
    for (const { text } of [inName, asField]) expect(failureOf(text).message).not.toContain("sk-live-123");
    expect(failureOf(asField.text).message).toContain("apiKeyEnv");
  });

  it("says the line of what is not YAML", () => {
    const { text, lineNumber } = breakLine("modes:", "modes: [");
    const { issues } = failureOf(text);
    expect(issues[0]?.line).toBeGreaterThanOrEqual(lineNumber);
  });

  it("reports everything that is wrong at once", () => {
    const { issues } = failureOf("providers:\n  a: { kind: builtin, x: 1, y: 2 }\n  b: { kind: nothing }\n");
    expect(issues.map((issue) => issue.field).sort()).toEqual(["providers.a.x", "providers.a.y", "providers.b.kind"]);
  });

  it.each(["", "42", "providers: {}", "[]"])("refuses a file that holds %j", (text) => {
    expect(failureOf(text).issues).not.toHaveLength(0);
  });
});
