import { turnMetadataSchema } from "@ai-orchestra/contracts";
import type { z } from "zod";

type TurnMetadata = z.output<typeof turnMetadataSchema>;

const MAX_FACTS = 32;

/** What of a client's free attachments fits into a turn's metadata: plain values, the first 32; undefined when nothing does. */
export function keepPlainFacts(attachments: Readonly<Record<string, unknown>>): TurnMetadata | undefined {
  const kept = Object.entries(attachments).filter(
    (entry): entry is [string, TurnMetadata[string]] =>
      turnMetadataSchema.safeParse(Object.fromEntries([entry])).success,
  );
  return kept.length === 0 ? undefined : Object.fromEntries(kept.slice(0, MAX_FACTS));
}
