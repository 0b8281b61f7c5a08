import { describeExit } from "../spawn-child.js";
import type { StackEvent } from "../stack-event.js";

/** One line for a person about something that was not planned; undefined for what goes without saying. */
export function describeEvent(event: StackEvent): string | undefined {
  switch (event.type) {
    case "exited":
      return `${event.process} (pid ${event.pid}) ended with ${describeExit(event.exit)}${quote(event.lastLine)}; starting it again in ${event.restartInMs} ms`;
    case "gave_up":
      return `${event.process} (pid ${event.pid}) ended with ${describeExit(event.exit)} and is not started again${quote(event.lastLine)}`;
    case "ready":
      return `${event.process} is ready again (pid ${event.pid})`;
    case "file_failed":
      return `${event.path} could not be written: ${event.cause instanceof Error ? event.cause.message : String(event.cause)}`;
    case "started":
    case "stopped":
      return undefined;
  }
}

function quote(lastLine: string | undefined): string {
  return lastLine === undefined ? "" : ` (${lastLine})`;
}
