import { expect, test } from "vitest";
import { negotiateSubprotocol } from "./subprotocols.js";

const V2 = "orchestra.v2";

test("chooses the supported protocol and reads what comes with it", () => {
  expect(negotiateSubprotocol("orchestra.v1, orchestra.v2, bearer.a.b.c, replaces.c-1", V2)).toEqual({
    chosen: V2,
    token: "a.b.c",
    replaces: "c-1",
  });
});

test("chooses nothing when nothing but parameters is offered", () => {
  expect(negotiateSubprotocol(undefined, V2).chosen).toBeUndefined();
  expect(negotiateSubprotocol("bearer.x", V2)).toMatchObject({ chosen: undefined, token: "x" });
});

test("refuses an offer without the supported protocol", () => {
  expect(() => negotiateSubprotocol("mqtt, bearer.x", V2)).toThrow(/orchestra\.v2/);
});

test("ignores a previous connection that is no id", () => {
  expect(negotiateSubprotocol("orchestra.v2, replaces.a.b", V2).replaces).toBeUndefined();
});
