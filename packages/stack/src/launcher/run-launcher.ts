import { relative } from "node:path";
import { startStack, type Stack } from "../stack.js";
import { StackError } from "../stack-error.js";
import type { StackOptions } from "../stack-options.js";
import { describeEvent } from "./describe-event.js";
import { describeServices } from "./describe-services.js";
import { watchStopRequests } from "./stop-requests.js";

/**
 * The life of `npm start` once everything is built: starts the stack, says where it is, keeps it running until it is
 * told to stop, and stops it. Answers the exit code; every failure is one line on stderr.
 */
export async function runLauncher(options: StackOptions): Promise<number> {
  // A reader of our output that went away is no reason to stop.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const stopRequest = watchStopRequests();
  let announced = false;
  try {
    const stack = await startStack({
      ...options,
      signal: stopRequest.signal,
      onEvent(event) {
        // Before that, startStack itself says what went wrong.
        const line = announced && !stopRequest.signal.aborted ? describeEvent(event) : undefined;
        if (line !== undefined) console.error(line);
      },
    });
    announce(stack);
    announced = true;
    await stopRequest.received;
    console.log("\nStopping: services first, then NATS and Redis.");
    await stack.stop();
    console.log("Stopped.");
    return 0;
  } catch (error) {
    if (error instanceof StackError && error.code === "stopped") return 0;
    console.error(error instanceof StackError ? `AI Orchestra cannot start: ${error.message}` : error);
    return 1;
  } finally {
    await stopRequest.close();
  }
}

function announce(stack: Stack): void {
  console.log(describeServices(stack.services));
  console.log(`\nNATS ${stack.nats.url}, Redis ${stack.redis.url}, logs in ${relative(process.cwd(), stack.logsDir)}`);
  console.log(`AI Orchestra is ready at ${stack.url}`);
}
