// npm test: from a fresh clone to one line that counts. With arguments: only the tests they select, without the checks.
import { BootstrapError, bootstrap } from "./bootstrap.mjs";
import { runChecks } from "./run-checks.mjs";
import { runTests } from "./run-tests.mjs";

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  try {
    await bootstrap();
    const { ensureBinaries } = await import("../packages/stack/dist/index.js");
    await ensureBinaries(["nats-server", "redis-server"], { onProgress: (line) => console.log(line) });
  } catch (error) {
    const isExpected = error instanceof BootstrapError || error.name === "StackError";
    console.error(isExpected ? `The tests cannot run: ${error.message}` : error);
    console.log("0 passed, 1 failed");
    return 1;
  }
  const failedChecks = args.length === 0 ? await runChecks() : [];
  const { passed, failed } = await runTests(args);
  if (failedChecks.length > 0) console.log(`Failed checks: ${failedChecks.join(", ")}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && failedChecks.length === 0 ? 0 : 1;
}
