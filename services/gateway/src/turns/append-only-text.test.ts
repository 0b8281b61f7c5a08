import { describe, expect, it } from "vitest";
import { AppendOnlyText } from "./append-only-text.js";

const play = (text: AppendOnlyText, pieces: readonly string[]): string =>
  pieces.map((piece) => text.append(piece)).join("");

describe("AppendOnlyText", () => {
  it("passes on what one attempt says", () => {
    const text = new AppendOnlyText();
    text.restart();
    expect(play(text, ["a", "bc"])).toBe("abc");
    expect(text.endedWhole()).toBe(true);
  });

  it("leaves out what a new attempt repeats, however it is cut", () => {
    const text = new AppendOnlyText();
    play(text, ["Hello ", "world"]);
    text.restart();
    expect(play(text, ["H", "ello wor", "ld, again"])).toBe(", again");
    expect(text.endedWhole()).toBe(true);
  });

  it("goes on over several restarts", () => {
    const text = new AppendOnlyText();
    play(text, ["abc"]);
    text.restart();
    expect(play(text, ["ab"])).toBe("");
    text.restart();
    expect(play(text, ["abcd"])).toBe("d");
  });

  it("sends nothing more once an attempt says something else", () => {
    const text = new AppendOnlyText();
    play(text, ["Hello world"]);
    text.restart();
    expect(play(text, ["Hello ", "there", " again"])).toBe("");
    expect(text.diverged).toBe(true);
    text.restart();
    expect(play(text, ["Hello world, again"])).toBe(", again");
  });

  it("knows an attempt that ended before all that was sent", () => {
    const text = new AppendOnlyText();
    play(text, ["Hello world"]);
    text.restart();
    play(text, ["Hello"]);
    expect(text.endedWhole()).toBe(false);
  });
});
