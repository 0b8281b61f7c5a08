import * as fc from "fast-check";

/** A text with something done to it: cut, doubled, overwritten or filled with what does not belong there. */
export function mutateText(text: string): fc.Arbitrary<string> {
  const position = fc.nat(text.length);
  const junk = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom(
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      "null",
      "\u0000",
      "\ud800",
      "1e999",
      "-1",
      ">",
      "*",
      ".",
      "__proto__",
    ),
  );
  return fc.oneof(
    fc.tuple(position, position).map(([a, b]) => text.slice(0, Math.min(a, b)) + text.slice(Math.max(a, b))),
    fc.tuple(position, position).map(([a, b]) => text + text.slice(Math.min(a, b), Math.max(a, b))),
    fc.tuple(position, junk).map(([at, what]) => text.slice(0, at) + what + text.slice(at)),
    fc.tuple(position, junk).map(([at, what]) => text.slice(0, at) + what + text.slice(at + what.length)),
    position.map((at) => text.slice(0, at)),
  );
}
