// npm start: everything on this machine, from a fresh clone to a running system.
import { resolve } from "node:path";
import { BootstrapError, bootstrap } from "./bootstrap.mjs";
import { START_HELP, UsageError, parseStartOptions } from "./start-options.mjs";

process.exitCode = await main();

async function main() {
  try {
    const { help, ...options } = parseStartOptions(process.argv.slice(2));
    if (help) {
      console.log(START_HELP);
      return 0;
    }
    if (options.dataDir !== undefined) options.dataDir = resolve(typedIn(), options.dataDir);
    await bootstrap();
    const { ensureBinaries, runLauncher } = await import("../packages/stack/dist/index.js");
    const { NATS_URL: natsUrl, REDIS_URL: redisUrl } = process.env;
    const missing = [...(natsUrl ? [] : ["nats-server"]), ...(redisUrl ? [] : ["redis-server"])];
    await ensureBinaries(missing, { onProgress: (line) => console.log(line) });
    return await runLauncher({ ...options, natsUrl: natsUrl || undefined, redisUrl: redisUrl || undefined });
  } catch (error) {
    const isExpected = error instanceof UsageError || error instanceof BootstrapError || error.name === "StackError";
    console.error(isExpected ? `AI Orchestra cannot start: ${error.message}` : error);
    return 1;
  }
}

/** The folder the command was typed in; npm itself changes to the workspace's. */
function typedIn() {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === "start" && folder !== undefined ? folder : process.cwd();
}
