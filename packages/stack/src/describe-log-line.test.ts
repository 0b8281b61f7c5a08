import { expect, test } from "vitest";
import { describeLogLine } from "./describe-log-line.js";

test("prefers the last error to what was written after it", () => {
  const tail = [
    '{"level":30,"msg":"starting"}',
    '{"level":50,"msg":"cannot start","err":{"message":"ECONNREFUSED"}}',
    '{"level":30,"msg":"bye"}',
  ];
  expect(describeLogLine(tail)).toBe("cannot start: ECONNREFUSED");
});

test("follows an error to its causes, saying nothing twice", () => {
  const err = { message: "models failed", cause: { message: "orchestra.config.yaml:3:1 not a list" } };
  const line = JSON.stringify({ level: "fatal", msg: "the service failed: models failed", err });
  expect(describeLogLine([line, '{"level":"info","msg":"stopped"}'])).toBe(
    "the service failed: models failed: orchestra.config.yaml:3:1 not a list",
  );
});

test("prefers what was written for people to an ordinary line of JSON", () => {
  const tail = ["orchestra.config.yaml:3:5 kind is unknown", '{"level":"info","msg":"stopped"}'];
  expect(describeLogLine(tail)).toBe("orchestra.config.yaml:3:5 kind is unknown");
});

test("finds the error in the report of an uncaught exception", () => {
  const tail = [
    "node:events:502",
    "      throw er;",
    "Error: listen EADDRINUSE: 127.0.0.1:1",
    "    at x (y.js:1:1)",
    "Node.js v20",
  ];
  expect(describeLogLine(tail)).toBe("Error: listen EADDRINUSE: 127.0.0.1:1");
});

test("shows the last line of a log without errors, and nothing for an empty one", () => {
  expect(describeLogLine(["one", "  two "])).toBe("two");
  expect(describeLogLine([])).toBeUndefined();
});
