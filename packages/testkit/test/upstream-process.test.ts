import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("../dist/upstream-process.js", import.meta.url));

it("prints its URL first, streams as many tokens as it was told, and ends on SIGTERM", async () => {
  const child = spawn(process.execPath, [program, "--tokens", "5"], { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  const answer = await fetch(`${url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "any", messages: [], stream: true }),
  });
  expect((await answer.text()).match(/"content":"t\d+ "/g)).toHaveLength(5);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
