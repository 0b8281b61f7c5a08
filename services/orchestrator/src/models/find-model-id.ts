/** What a name stands for among the known ids (`provider/name`). */
export type ModelMatch =
  | { kind: "found"; id: string }
  | { kind: "unknown" }
  /** The bare name belongs to several providers. */
  | { kind: "ambiguous"; ids: string[] };

/** Finds the id that is meant by a full id, or by a bare name where only one provider has it. */
export function findModelId(name: string, ids: Iterable<string>): ModelMatch {
  const matches: string[] = [];
  for (const id of ids) {
    if (id === name) return { kind: "found", id };
    if (id.slice(id.indexOf("/") + 1) === name) matches.push(id);
  }
  const [first] = matches;
  if (first === undefined) return { kind: "unknown" };
  return matches.length === 1 ? { kind: "found", id: first } : { kind: "ambiguous", ids: matches };
}
