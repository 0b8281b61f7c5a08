// npm run chat: the terminal chat, in this process so that Ctrl-C is its own; it finds the stack that `npm start` runs.
import { BootstrapError, ROOT, bootstrap } from "./bootstrap.mjs";

try {
  await bootstrap();
  process.chdir(ROOT);
  await import("../packages/cli/dist/main.js");
} catch (error) {
  console.error(error instanceof BootstrapError ? error.message : error);
  process.exitCode = 1;
}
