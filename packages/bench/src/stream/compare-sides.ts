import { median } from "../median.js";
import type { DriveResult } from "./drive-turns.js";

interface Load {
  connections: number;
  turns: number;
}

export interface ComparisonOptions {
  title: string;
  /** Two sides: what is compared with, then what is measured. */
  sides: Readonly<Record<string, (load: Load) => Promise<DriveResult>>>;
  loads: readonly Load[];
  rounds: number;
}

/** Warms both sides up, lets them take turns for every load, and prints medians and ratios. */
export async function compareSides({ title, sides, loads, rounds }: ComparisonOptions): Promise<void> {
  const names = Object.keys(sides);
  const [base = "", measured = ""] = names;
  for (const drive of Object.values(sides)) await drive({ connections: 16, turns: 2_000 });
  console.log(title);
  const columns = [
    `${base} tokens/s`,
    `${measured} tokens/s`,
    "ratio",
    `${base} first`,
    `${measured} first`,
    "difference",
  ];
  console.log(
    `connections ${[...columns, `${base} p99`, `${measured} p99`].map((column) => column.padStart(15)).join("")}`,
  );
  for (const load of loads) {
    const results = new Map<string, DriveResult[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, drive] of Object.entries(sides)) results.get(name)?.push(await drive(load));
    }
    const middle = (name: string, field: keyof DriveResult): number =>
      median((results.get(name) ?? []).map((result) => result[field]));
    const rate = { base: middle(base, "tokensPerSecond"), measured: middle(measured, "tokensPerSecond") };
    const first = { base: middle(base, "firstTokenMs"), measured: middle(measured, "firstTokenMs") };
    const cells = [
      Math.round(rate.base).toString(),
      Math.round(rate.measured).toString(),
      (rate.measured / rate.base).toFixed(2),
      first.base.toFixed(2),
      first.measured.toFixed(2),
      (first.measured - first.base).toFixed(2),
      middle(base, "firstTokenP99Ms").toFixed(2),
      middle(measured, "firstTokenP99Ms").toFixed(2),
    ];
    console.log(`${String(load.connections).padStart(11)} ${cells.map((cell) => cell.padStart(15)).join("")}`);
  }
}
