import type { ChatMessage } from "@ai-orchestra/contracts";
import { describe, expect, it } from "vitest";
import { answerOffline } from "./answer-offline.js";

/** Turns alternating texts into a conversation that ends with the user. */
function converse(...texts: string[]): ChatMessage[] {
  return texts.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));
}

describe("the offline model", () => {
  it.each([
    ["what did I say before?", '"I like tea"'],
    ["What was my first message?", '"my name is Ada Lovelace"'],
    ["what is my name?", "Ada Lovelace"],
    ["how many messages have I sent?", "3 messages"],
    ["what did you say?", '"noted"'],
    ["repeat that", "noted"],
    ["summarise our conversation", '2. "I like tea"'],
  ])("knows from the conversation: %s", (question, answer) => {
    expect(answerOffline(converse("my name is Ada Lovelace", "hello", "I like tea", "noted", question))).toContain(
      answer,
    );
  });

  it.each([
    ["what did I say before?", "not said anything"],
    ["what is my name?", "not told me"],
    ["summarise our conversation", "nothing to summarise"],
    ["what did you say?", "not said anything"],
  ])("says so when there is nothing to know: %s", (question, answer) => {
    expect(answerOffline(converse(question))).toContain(answer);
  });

  it("says what it is", () => {
    expect(answerOffline(converse("help"))).toContain("not a language model");
    expect(answerOffline(converse("Why is the sky blue?"))).toContain("cannot answer questions about the world");
  });

  it("repeats words after the user", () => {
    expect(answerOffline(converse("repeat after me: one two"))).toBe("one two");
  });

  it("uses the name that was told last", () => {
    expect(answerOffline(converse("my name is Ada", "hi", "call me Grace", "hi", "who am i"))).toContain("Grace");
  });

  it("counts as far as asked, but not without bound", () => {
    expect(answerOffline(converse("count to 5"))).toBe("1 2 3 4 5");
    expect(answerOffline(converse("count to 999999")).split(" ")).toHaveLength(10_000);
  });

  it("answers a conversation without a word of the user", () => {
    expect(answerOffline([{ role: "system", content: "be kind" }])).toContain("offline model");
  });
});
