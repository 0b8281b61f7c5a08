#!/usr/bin/env node
import { parseChatArguments, USAGE, type ChatArguments } from "./chat-arguments.js";
import { findGateways, NoStackError } from "./find-gateways.js";
import { runChat } from "./run-chat.js";

process.exitCode = await main();

async function main(): Promise<number> {
  let parsed: ChatArguments;
  try {
    parsed = parseChatArguments(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (parsed.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    const urls = parsed.urls.length > 0 ? parsed.urls : await findGateways(process.cwd());
    const interactive = process.stdin.isTTY && process.stdout.isTTY;
    const colour = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
    const terminal = { input: process.stdin, output: process.stdout, interactive, colour };
    return await runChat({ ...parsed, urls }, terminal);
  } catch (error) {
    if (!(error instanceof NoStackError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
