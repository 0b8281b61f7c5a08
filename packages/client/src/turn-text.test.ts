import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextCursor, TurnText } from "./turn-text.js";

describe("TextCursor", () => {
  it("gives each piece once and joins what came while the reader was away", () => {
    const text = new TurnText();
    const cursor = new TextCursor();
    text.append("a");
    expect(cursor.read(text, false)).toEqual({ text: "a" });
    text.append("b");
    text.append("c");
    expect(cursor.read(text, false)).toEqual({ text: "bc" });
    expect(cursor.read(text, false)).toEqual({ text: "" });
  });

  it("gives only the new part of an attempt that repeats what was given", () => {
    const text = new TurnText();
    const cursor = new TextCursor();
    text.append("Hello wo");
    cursor.read(text, false);
    text.restart();
    text.append("Hel");
    expect(cursor.read(text, false)).toEqual({ text: "" });
    text.append("lo world");
    expect(cursor.read(text, false)).toEqual({ text: "rld" });
    text.append("!");
    expect(cursor.read(text, true)).toEqual({ text: "!" });
  });

  it("takes the text back once where the new attempt says something else", () => {
    const text = new TurnText();
    const cursor = new TextCursor();
    text.append("Hello wo");
    cursor.read(text, false);
    text.restart();
    text.append("Hi");
    expect(cursor.read(text, false)).toEqual({ text: "Hi", discarded: "Hello wo" });
    text.append(" there");
    expect(cursor.read(text, true)).toEqual({ text: " there" });
  });

  it("takes the text back at the end where the new attempt stopped short of it", () => {
    const text = new TurnText();
    const cursor = new TextCursor();
    text.append("Hello world");
    cursor.read(text, false);
    text.restart();
    text.append("Hello");
    expect(cursor.read(text, false)).toEqual({ text: "" });
    expect(cursor.read(text, true)).toEqual({ text: "Hello", discarded: "Hello world" });
  });

  it("is given the final text, whatever attempts came before and whenever it read", () => {
    const piece = fc.constantFrom("a", "b", "aa", "ab");
    const step = fc.oneof(piece, fc.constant("restart"), fc.constant("read"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(piece, { maxLength: 6 }), (steps, output) => {
        const text = new TurnText();
        const cursor = new TextCursor();
        let shown = "";
        const read = (complete: boolean): void => {
          const { text: fresh, discarded } = cursor.read(text, complete);
          if (discarded !== undefined) expect(discarded).toBe(shown);
          shown = discarded === undefined ? shown + fresh : fresh;
        };
        for (const action of steps) {
          if (action === "restart") text.restart();
          else if (action === "read") read(false);
          else text.append(action);
        }
        text.settle(output.join(""));
        read(true);
        expect(shown).toBe(output.join(""));
        expect(cursor.read(text, true)).toEqual({ text: "" });
      }),
      { numRuns: 2000 },
    );
  });
});

describe("TurnText", () => {
  it("is extended only by a text that begins with it", () => {
    const text = new TurnText();
    text.append("ab");
    expect(text.extend("abc")).toBe(true);
    expect(text.extend("x")).toBe(false);
    expect(text.chunks.join("")).toBe("abc");
  });
});
