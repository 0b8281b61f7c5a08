export interface ProcessGuardOptions {
  /** Called for the first SIGTERM or SIGINT; the second one ends the process with 1 at once. */
  onShutdown: (signal: "SIGTERM" | "SIGINT") => void;
  /** Called for what nobody caught. It must end the process: nothing is known about its state any more. */
  onFatal: (error: unknown, origin: "uncaughtException" | "unhandledRejection") => void;
}

/** Takes the process's signals and uncaught errors. */
export function guardProcess({ onShutdown, onFatal }: ProcessGuardOptions): void {
  let signalled = false;
  const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
    if (signalled) process.exit(1);
    signalled = true;
    onShutdown(signal);
  };
  process.on("SIGTERM", () => onSignal("SIGTERM"));
  process.on("SIGINT", () => onSignal("SIGINT"));
  process.on("uncaughtException", (error) => onFatal(error, "uncaughtException"));
  process.on("unhandledRejection", (reason) => onFatal(reason, "unhandledRejection"));
}
