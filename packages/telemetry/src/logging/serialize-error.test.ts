import { describe, expect, it } from "vitest";
import { serializeError } from "./serialize-error.js";

describe("serializeError", () => {
  it("ends a chain of causes that leads back to itself", () => {
    const first = new Error("first");
    const second = new Error("second", { cause: first });
    first.cause = second;
    expect(JSON.stringify(serializeError(first)).match(/"message":"first"/g)).toHaveLength(3);
  });

  it("keeps the first five errors of an aggregate", () => {
    const aggregate = new AggregateError(Array.from({ length: 9 }, (_, index) => new Error(`e${index}`)));
    expect(serializeError(aggregate)).toMatchObject({ errors: [{ message: "e0" }, {}, {}, {}, { message: "e4" }] });
  });

  it.each(["my diary", '{"type":"turn.start","input":my diary}', "[1, my diary]", "undefined"])(
    "does not repeat the piece of %s that JSON.parse quotes",
    (text) => {
      let caught: unknown;
      try {
        JSON.parse(text);
      } catch (error) {
        caught = error;
      }
      const serialized = serializeError(caught);
      expect(serialized).toMatchObject({ type: "SyntaxError", message: "malformed JSON" });
      expect(JSON.stringify(serialized)).not.toMatch(/diary|undefined/);
    },
  );

  it("tells only the kind of a thrown object, whose content could be a user's", () => {
    expect(serializeError({ body: "my diary" })).toBe("thrown Object");
    expect(serializeError(Object.create(null))).toBe("thrown object");
    expect(serializeError("plain words")).toBe("plain words");
    expect(serializeError(undefined)).toBe("undefined");
  });
});
