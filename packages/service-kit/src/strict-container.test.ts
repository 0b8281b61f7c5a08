import { asFunction } from "awilix";
import { expect, it } from "vitest";
import { createStrictContainer } from "./strict-container.js";

it("refuses a singleton that depends on something of one turn", () => {
  const container = createStrictContainer<{ store: { turn: string }; turn: string }>();
  container.register({
    turn: asFunction(() => "t1").scoped(),
    store: asFunction(({ turn }: { turn: string }) => ({ turn })).singleton(),
  });
  expect(() => container.cradle.store).toThrow(/lifetime/i);
});
