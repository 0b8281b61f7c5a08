import type { Exit } from "./spawn-child.js";

/** What happens to the processes of a stack, in the order it happens. `process` is the instance: `memory-1`, `nats`. */
export type StackEvent =
  | { type: "started"; process: string; pid: number }
  | { type: "ready"; process: string; pid: number; afterMs: number }
  | { type: "exited"; process: string; pid: number; exit: Exit; restartInMs: number; lastLine: string | undefined }
  | { type: "gave_up"; process: string; pid: number; exit: Exit; lastLine: string | undefined }
  | { type: "stopped"; process: string }
  | { type: "file_failed"; path: string; cause: unknown };

export type StackEventListener = (event: StackEvent) => void;
