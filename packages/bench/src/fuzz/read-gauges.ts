/** Reads gauges of a gateway from its ops port, by their names without the common prefix. */
export async function readGauges(opsUrl: string, names: readonly string[]): Promise<Record<string, number>> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return Object.fromEntries(
    names.map((name) => {
      const value = new RegExp(`^orchestra_gateway_${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1];
      return [name, Number(value ?? Number.NaN)];
    }),
  );
}
