/** One thing that is wrong in a models file. */
export interface ModelsFileIssue {
  /** From 1; absent where the file could not be read at all. */
  line?: number | undefined;
  column?: number | undefined;
  /** Dotted path of the field, for example `providers.openai.models[0].name`; empty for the file as a whole. */
  field: string;
  message: string;
}

/** A models file cannot be used. The message has one line for each issue, in the form `path:line:column field message`. */
export class ModelsFileError extends Error {
  override readonly name = "ModelsFileError";
  readonly code = "invalid_models_file";
  readonly path: string;
  readonly issues: readonly ModelsFileIssue[];

  constructor(path: string, issues: readonly ModelsFileIssue[], options?: ErrorOptions) {
    super(issues.map((issue) => describeIssue(path, issue)).join("\n"), options);
    this.path = path;
    this.issues = issues;
  }
}

function describeIssue(path: string, { line, column, field, message }: ModelsFileIssue): string {
  const place = line === undefined ? path : `${path}:${line}:${column ?? 1}`;
  return [place, field, message].filter((part) => part !== "").join(" ");
}
