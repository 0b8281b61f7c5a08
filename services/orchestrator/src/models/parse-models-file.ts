import { isMap, isNode, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { checkReferences } from "./check-references.js";
import { modelSettingsFileSchema, type CatalogSettings } from "./model-settings.js";
import { ModelsFileError, type ModelsFileIssue } from "./models-file-error.js";

type FieldPath = readonly (string | number)[];

/** Reads the text of a models file. Throws a `ModelsFileError` that names line and field of everything that is wrong. */
export function parseModelsFile(text: string, path: string): CatalogSettings {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const locate = (offset: number): Pick<ModelsFileIssue, "line" | "column"> => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const syntaxIssues = document.errors.map((error): ModelsFileIssue => ({
    ...locate(error.pos[0]),
    field: "",
    message: error.message,
  }));
  if (syntaxIssues.length > 0) throw new ModelsFileError(path, syntaxIssues);

  const toIssue = (fieldPath: FieldPath, message: string): ModelsFileIssue => ({
    ...locate(offsetOf(document, fieldPath)),
    field: formatPath(fieldPath),
    message,
  });
  const parsed = modelSettingsFileSchema.safeParse(document.toJS());
  if (!parsed.success) {
    throw new ModelsFileError(
      path,
      parsed.error.issues.flatMap(flattenIssue).map(([at, what]) => toIssue(at, what)),
    );
  }
  const referenceIssues = checkReferences(parsed.data).map((issue) => toIssue(issue.path, issue.message));
  if (referenceIssues.length > 0) throw new ModelsFileError(path, referenceIssues);
  return parsed.data;
}

/** An unknown field is reported by zod at its parent, together with the others; each becomes an issue of its own. */
function flattenIssue(issue: z.core.$ZodIssue): [FieldPath, string][] {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  if (issue.code !== "unrecognized_keys") return [[path, issue.message]];
  return issue.keys.map((key) => [
    [...path, key],
    key === "apiKey" ? "keys do not belong here: name the environment variable in apiKeyEnv" : "is not a known field",
  ]);
}

/** Where a field stands in the text: its key, or its closest parent if it is not there. */
function offsetOf(document: Document, path: FieldPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => String(key) === String(last));
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function formatPath(path: FieldPath): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}
