import { RE2JS } from "re2js";

/** Instructions of a compiled pattern; with `MAX_INPUT_CHARS` it bounds the work of one match. */
const MAX_PROGRAM_SIZE = 1_000;
/** UTF-16 units of a value that a pattern is matched with; a longer one does not match. */
const MAX_INPUT_CHARS = 1_024;

/** Whether the pattern is found in a text. */
export type MatchText = (text: string) => boolean;

/**
 * Compiles a pattern in RE2 syntax. Matching takes time linear in the text, whatever the pattern.
 *
 * @throws Error that says what is wrong: not RE2 syntax, or too large
 */
export function compileRegex(pattern: string, { ignoreCase }: { ignoreCase: boolean }): MatchText {
  const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  const size = compiled.programSize();
  if (size > MAX_PROGRAM_SIZE) {
    throw new Error(`the pattern compiles to ${size} instructions, more than the ${MAX_PROGRAM_SIZE} that it may have`);
  }
  return (text) => text.length <= MAX_INPUT_CHARS && compiled.test(text);
}
