// npm run chat: the terminal chat, connected to the stack that `npm start` runs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BootstrapError, ROOT, bootstrap } from "./bootstrap.mjs";
import { runCommand } from "./run-command.mjs";

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  try {
    await bootstrap();
    const isToldWhere = args.some((arg) => arg === "--url" || arg.startsWith("--url=") || arg === "--help");
    const url = isToldWhere ? [] : ["--url", readStackUrl()];
    const entry = join(ROOT, "packages", "cli", "dist", "main.js");
    return await runCommand(process.execPath, [entry, ...url, ...args], { cwd: process.cwd() });
  } catch (error) {
    console.error(error instanceof BootstrapError ? error.message : error);
    return 1;
  }
}

function readStackUrl() {
  const stackFile = join(ROOT, ".orchestra", "stack.json");
  if (existsSync(stackFile)) return JSON.parse(readFileSync(stackFile, "utf8")).url;
  throw new BootstrapError(
    "nothing runs here; start it with npm start, or say where it is: npm run chat -- --url <url>",
  );
}
