import { z } from "zod";
import { openResultStore, type Bus, type ResultStore, type ResultStoreOptions } from "../../src/index.js";

export const outcomeSchema = z.object({ by: z.string(), text: z.string().optional() });
export type Outcome = z.infer<typeof outcomeSchema>;

export function openTestStore(
  bus: Bus,
  name: string,
  options: Partial<ResultStoreOptions<Outcome>> = {},
): Promise<ResultStore<Outcome>> {
  return openResultStore(bus, {
    stream: name,
    subjects: [`results.${name}.>`],
    schema: outcomeSchema,
    maxAgeMs: 3_600_000,
    maxBytes: 16 * 1024 * 1024,
    replicas: 1,
    storage: "file",
    ...options,
  });
}
