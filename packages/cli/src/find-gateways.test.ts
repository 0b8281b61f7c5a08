import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findGateways } from "./find-gateways.js";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it("finds every gateway of the stack that runs in a folder above", async () => {
  const services = [{ name: "memory" }, { name: "gateway", url: "http://a:1" }, { name: "gateway", url: "http://a:2" }];
  await mkdir(join(folder, ".orchestra"));
  await mkdir(join(folder, "deep", "er"), { recursive: true });
  await writeFile(join(folder, ".orchestra", "stack.json"), JSON.stringify({ url: "http://a:1", services }));
  expect(await findGateways(join(folder, "deep", "er"))).toEqual(["http://a:1", "http://a:2"]);
});

it("says how to go on where no stack runs", async () => {
  await expect(findGateways(folder)).rejects.toThrow("npm start");
});
