import { findModelId } from "./find-model-id.js";
import type { CatalogSettings, ProviderSettings } from "./model-settings.js";

export interface ReferenceIssue {
  path: (string | number)[];
  message: string;
}

/** Finds model names that are used but not declared, or declared twice. Endpoints that are asked for their models may have any. */
export function checkReferences(settings: CatalogSettings): ReferenceIssue[] {
  const issues: ReferenceIssue[] = [];
  const ids = new Set<string>(["orchestra/builtin"]);
  const open = Object.entries(settings.providers).filter(([, provider]) => provider.models === undefined);
  for (const [providerName, index, model] of eachModel(settings)) {
    const id = `${providerName}/${model.name}`;
    if (ids.has(id) && id !== "orchestra/builtin") {
      issues.push({ path: ["providers", providerName, "models", index, "name"], message: `is declared twice` });
    }
    ids.add(id);
  }

  const check = (name: string | undefined, path: (string | number)[]): void => {
    if (name === undefined) return;
    const match = findModelId(name, ids);
    if (match.kind === "found") return;
    if (open.some(([providerName]) => name.startsWith(`${providerName}/`))) return;
    issues.push({
      path,
      message:
        match.kind === "ambiguous"
          ? `could mean ${match.ids.join(" or ")}: write it in full`
          : `names a model that is not declared here`,
    });
  };

  check(settings.default, ["default"]);
  for (const [mode, name] of Object.entries(settings.modes)) check(name, ["modes", mode]);
  for (const [providerName, index, model] of eachModel(settings)) {
    for (const [position, name] of (model.fallbacks ?? []).entries()) {
      check(name, ["providers", providerName, "models", index, "fallbacks", position]);
    }
  }
  for (const [providerName, provider] of Object.entries(settings.providers)) {
    if (providerName === "orchestra" && provider.kind !== "builtin") {
      issues.push({ path: ["providers", "orchestra"], message: "is the name of the built-in model's provider" });
    }
  }
  return issues;
}

type DeclaredModel = NonNullable<ProviderSettings["models"]>[number];

function* eachModel(settings: CatalogSettings): Generator<[string, number, DeclaredModel]> {
  for (const [providerName, provider] of Object.entries(settings.providers)) {
    for (const [index, model] of (provider.models ?? []).entries()) yield [providerName, index, model];
  }
}
