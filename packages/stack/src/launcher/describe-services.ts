import type { ServiceProcess } from "../service-process.js";

/** A table with a line for each instance: its name, pid and ops port. */
export function describeServices(services: readonly Pick<ServiceProcess, "instance" | "pid" | "opsUrl">[]): string {
  const rows = [
    ["service", "pid", "ops port"],
    ...services.map((service) => [service.instance, String(service.pid), new URL(service.opsUrl).port]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}
