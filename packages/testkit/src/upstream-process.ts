#!/usr/bin/env node
import { parseArgs } from "node:util";
import { startUpstream } from "./upstream.js";
import { makeTokens } from "./upstream-script.js";

const USAGE = `Usage: node upstream-process.js [--port 0] [--tokens 64] [--first-token-ms 0] [--token-ms 0]

Runs the OpenAI-compatible test upstream until it gets SIGTERM or SIGINT, or the process that forked it disconnects.
Prints its base URL as the first line.`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    tokens: { type: "string", default: "64" },
    "first-token-ms": { type: "string", default: "0" },
    "token-ms": { type: "string", default: "0" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const upstream = await startUpstream({
    port: Number(values.port),
    maxRecorded: 0,
    behaviour: {
      tokens: makeTokens(Number(values.tokens)),
      firstTokenMs: Number(values["first-token-ms"]),
      tokenMs: Number(values["token-ms"]),
    },
  });
  const stop = (): void => {
    void upstream.close();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.once("disconnect", stop);
  process.stdout.write(`${upstream.url}\n`);
}
