import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LogFile } from "./log-file.js";

let dir = "";

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "log-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test("answers the last lines", () => {
  const log = new LogFile(join(dir, "a.log"));
  writeSync(log.fd, "one\ntwo\n\nthree\n");
  expect(log.tail(2)).toEqual(["two", "three"]);
  log.close();
});

test("moves a full log aside and begins anew, so that two files bound it", async () => {
  const log = new LogFile(join(dir, "a.log"), { maxBytes: 100, checkIntervalMs: 10 });
  writeSync(log.fd, "x".repeat(150));
  await vi.waitFor(async () => expect((await stat(log.path)).size).toBe(0));
  writeSync(log.fd, "new");
  expect(await readFile(log.path, "utf8")).toBe("new");
  expect((await stat(`${log.path}.1`)).size).toBe(150);
  log.close();
});

test("begins empty with each run", () => {
  const first = new LogFile(join(dir, "a.log"));
  writeSync(first.fd, "old\n");
  first.close();
  expect(new LogFile(join(dir, "a.log")).tail(1)).toEqual([]);
});
