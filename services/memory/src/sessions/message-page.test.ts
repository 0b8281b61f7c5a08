import { describe, expect, it } from "vitest";
import { buildMessagePage, type OrderedTurn } from "./message-page.js";
import { decodeCursor } from "./page-cursor.js";

const MAX_BYTES = 10_000;

describe("buildMessagePage", () => {
  it("lists question and answer of each turn in order", () => {
    const page = readPage([turn(1), turn(2)], { limit: 10 });
    expect(page.items.map(({ text }) => text)).toEqual(["question 1", "answer 1", "question 2", "answer 2"]);
    expect(page.nextCursor).toBeUndefined();
  });

  it("continues in the middle of a turn", () => {
    const turns = [turn(1), turn(2), turn(3)];
    const texts: string[] = [];
    let cursor: string | undefined;
    do {
      const [order = 0, skip = 0] = cursor === undefined ? [] : decodeCursor(cursor, 2);
      const rest = turns.filter((each) => each.order >= order);
      const page = readPage(rest, { start: { order, skip }, limit: 1 });
      texts.push(...page.items.map(({ text }) => text));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(texts).toEqual(["question 1", "answer 1", "question 2", "answer 2", "question 3", "answer 3"]);
  });

  it("ends a page before it grows past its bytes, but never without a message", () => {
    const long = turn(1, "x".repeat(2 * MAX_BYTES));
    const page = readPage([long, turn(2)], { limit: 10 });
    expect(page.items).toHaveLength(1);
    expect(page.nextCursor).toBeDefined();
  });

  it("names a cursor when the last turn fits but more are to come", () => {
    const page = readPage([turn(1)], { limit: 10, hasMoreTurns: true });
    expect(decodeCursor(page.nextCursor ?? "", 2)).toEqual([1, 2]);
  });

  it("goes on after a turn that was trimmed away meanwhile", () => {
    const page = readPage([turn(5)], { start: { order: 3, skip: 1 }, limit: 10 });
    expect(page.items.map(({ text }) => text)).toEqual(["question 5", "answer 5"]);
  });
});

describe("decodeCursor", () => {
  it.each(["", "x", "MS4yLjM", Buffer.from("1.-2").toString("base64url"), "%%%"])("refuses %j", (cursor) => {
    expect(() => decodeCursor(cursor, 2)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});

function readPage(turns: OrderedTurn[], o: Partial<Parameters<typeof buildMessagePage>[1]>) {
  return buildMessagePage(turns, {
    start: { order: 0, skip: 0 },
    limit: 10,
    maxBytes: MAX_BYTES,
    hasMoreTurns: false,
    ...o,
  });
}

function turn(order: number, question = `question ${order}`): OrderedTurn {
  return {
    turnId: `t${order}`,
    order,
    turn: {
      status: "completed",
      inputText: question,
      outputText: `answer ${order}`,
      model: "orchestra/builtin",
      submittedAt: 1_000 * order,
      finishedAt: 1_000 * order + 500,
    },
  };
}
