import type { TurnSighting } from "./watched-turn.js";
import type { UniqueAnswers } from "./unique-answers.js";

export interface Verdict {
  readonly turns: number;
  readonly completed: number;
  /** Completed turns whose client read, character by character, a text that the upstream sent for this question. */
  readonly exact: number;
  readonly restarted: number;
  readonly degraded: number;
  readonly longestSilenceMs: number;
  /** What is wrong, a line for each turn. */
  readonly complaints: readonly string[];
}

/** Compares what clients read with what the upstream sent. */
export function judgeSightings(sightings: readonly TurnSighting[], answers: UniqueAnswers): Verdict {
  const complaints = sightings.flatMap((sighting) => {
    const complaint = findComplaint(sighting, answers);
    return complaint === undefined ? [] : [`${sighting.question}: ${complaint}`];
  });
  const completed = sightings.filter(({ text }) => text !== undefined);
  return {
    turns: sightings.length,
    completed: completed.length,
    exact: sightings.length - complaints.length,
    restarted: sightings.filter(({ attempts }) => attempts > 1).length,
    degraded: sightings.filter(({ degraded }) => degraded).length,
    longestSilenceMs: Math.max(0, ...sightings.map(({ longestSilenceMs }) => longestSilenceMs)),
    complaints,
  };
}

function findComplaint({ question, text, output, error }: TurnSighting, answers: UniqueAnswers): string | undefined {
  if (text === undefined) return `did not complete: ${error ?? "no reason"}`;
  if (text !== output) return `read ${describe(text)}, but its end says ${describe(output ?? "")}`;
  if (answers.sentTo(question).includes(text)) return undefined;
  return `read ${describe(text)}, which the upstream never sent`;
}

function describe(text: string): string {
  return `${text.length} characters (${text.slice(0, 12)}…${text.slice(-12)})`;
}
