import type { ServerName } from "../server-program.js";

/** One way of getting servers onto this machine. */
export interface InstallAttempt {
  /** What is being done, for the progress line. */
  description: string;
  /**
   * Tries it. Undefined when it worked as far as it can tell, else one line of why it did not; whether the servers can
   * be found afterwards is for the caller to see.
   */
  run(names: readonly ServerName[]): Promise<string | undefined>;
}
