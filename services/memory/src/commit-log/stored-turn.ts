import { OrchestraError, type TurnResult } from "@ai-orchestra/contracts";
import { z } from "zod";

/** A turn as Redis keeps it. Empty texts are left out. Times are epoch milliseconds. */
const storedTurnSchema = z.object({
  status: z.enum(["completed", "failed", "cancelled"]),
  inputText: z.string().optional(),
  outputText: z.string().optional(),
  model: z.string().optional(),
  submittedAt: z.number(),
  finishedAt: z.number(),
});

export type StoredTurn = z.infer<typeof storedTurnSchema>;

/** What a session keeps of a result; undefined for a turn without user text, which leaves no history. */
export function toStoredTurn({ inputText, frame, submittedAt, finishedAt }: TurnResult): StoredTurn | undefined {
  if (inputText === undefined || inputText === "") return undefined;
  const stored = { inputText, submittedAt, finishedAt };
  switch (frame.type) {
    case "turn.completed":
      return { ...stored, status: "completed", ...output(frame.output.text), model: frame.metadata.model };
    case "turn.cancelled":
      return { ...stored, status: "cancelled", ...output(frame.partialText) };
    case "turn.failed":
      return { ...stored, status: "failed", ...output(frame.partialText) };
  }
}

/** Only what a model may build on reaches one again: completed turns, and cancelled ones that said something. */
export function isUsableAsContext(turn: StoredTurn): boolean {
  return turn.status === "completed" || (turn.status === "cancelled" && turn.outputText !== undefined);
}

/** @throws OrchestraError `internal` when `json` is not a stored turn; it has no cause, which would quote the text. */
export function parseStoredTurn(json: string): StoredTurn {
  try {
    return storedTurnSchema.parse(JSON.parse(json));
  } catch {
    throw new OrchestraError("internal", "the session store holds a turn that cannot be read");
  }
}

function output(text: string | undefined): { outputText?: string } {
  return text === undefined || text === "" ? {} : { outputText: text };
}
