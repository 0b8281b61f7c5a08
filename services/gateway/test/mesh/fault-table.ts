/** What one fault did, as a row of the table. Times in milliseconds after the fault's end. */
export interface FaultRow {
  fault: string;
  clientSees: string;
  opened: readonly string[];
  levels: readonly string[];
  /** Until the circuit that the fault opened closed; undefined: none did. */
  circuitMs?: number | undefined;
  /** Until a turn was answered. */
  answerMs: number;
  /** Until the level was normal; undefined: it never changed. */
  levelMs?: number | undefined;
}

/** The table as text, for the log of a test run. */
export function renderFaultTable(rows: readonly FaultRow[]): string {
  const cells = rows.map((row) => [
    row.fault,
    row.clientSees,
    row.opened.join(", ") || "-",
    row.levels.join(" → ") || "-",
    seconds(row.circuitMs),
    seconds(row.answerMs),
    seconds(row.levelMs),
  ]);
  const head = ["fault", "client sees", "circuits opened", "levels", "circuit closed", "turn answered", "level normal"];
  const table = [head, head.map(() => "---"), ...cells];
  return table.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "-" : `${(ms / 1_000).toFixed(1)} s`;
}
