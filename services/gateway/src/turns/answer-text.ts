import type { TurnResult } from "@ai-orchestra/contracts";

/** The part of a result's answer that stands at or after `position` of the attempt's event log. */
export function missingAnswerText(result: TurnResult, position: number): string {
  const whole = answerTextOf(result);
  let offset = 0;
  let missing = "";
  for (const [from, to] of result.segments) {
    const length = to - from;
    if (to > position) missing += whole.slice(offset + Math.max(0, position - from), offset + length);
    offset += length;
  }
  return missing;
}

function answerTextOf({ frame }: TurnResult): string {
  return frame.type === "turn.completed" ? frame.output.text : (frame.partialText ?? "");
}
