import type { ErrorDetail, FlagDefinition, FlagSegment } from "@ai-orchestra/contracts";
import { parseDefinition, parseSegment, type Parsed } from "../definitions/parse-definition.js";

/** Flags and segments that came in a document, with what is wrong with it and what of it was left out. */
export interface ReadDocument {
  readonly flags: readonly FlagDefinition[];
  readonly segments: readonly FlagSegment[];
  /** Where each flag stands in the document, by key. */
  readonly paths: ReadonlyMap<string, string>;
  readonly problems: readonly ErrorDetail[];
  readonly ignored: readonly ErrorDetail[];
}

export const DOCUMENT_VERSION = 1;

/** Something with its place in the document. */
interface Placed<T> {
  readonly value: T;
  readonly path: string;
}

/** Reads `{version: 1, flags: [definition], segments?: [segment]}`. */
export function readFlagDocument(document: unknown): ReadDocument {
  const { version, flags, segments = [], ...rest } = toObject(document);
  const problems: ErrorDetail[] = Object.keys(rest).map((path) => ({ path, message: "is not a known field" }));
  if (version !== DOCUMENT_VERSION) problems.push({ path: "version", message: `must be ${DOCUMENT_VERSION}` });
  const paths = new Map<string, string>();
  const readList = <T>(list: unknown, path: string, parse: (input: unknown) => Parsed<T>): Placed<T>[] => {
    if (!Array.isArray(list)) {
      problems.push({ path, message: "must be a list" });
      return [];
    }
    return list.flatMap((input: unknown, index) => {
      const parsed = parse(input);
      const place = `${path}.${index}`;
      if ("value" in parsed) return [{ value: parsed.value, path: place }];
      problems.push(...parsed.problems.map((problem) => below(place, problem)));
      return [];
    });
  };
  const readSegments = readList(segments, "segments", (input) => parseSegment(input));
  const readFlags = readList(flags, "flags", (input) => parseDefinition(input));
  for (const { value, path } of readFlags) {
    if (paths.has(value.key)) problems.push({ path: `${path}.key`, message: `there are two flags ${value.key}` });
    paths.set(value.key, path);
  }
  return {
    flags: readFlags.map(({ value }) => value),
    segments: readSegments.map(({ value }) => value),
    paths,
    problems,
    ignored: [],
  };
}

/** The same problem as part of something larger. */
export function below(path: string, problem: ErrorDetail): ErrorDetail {
  return { path: problem.path === "" ? path : `${path}.${problem.path}`, message: problem.message };
}

function toObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
