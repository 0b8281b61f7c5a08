import { orchestratorModelsList } from "@ai-orchestra/contracts";
import { GuardedCaller, type GuardedCallerOptions } from "./guarded-caller.js";

const OPEN_FOR_MS = 60_000;

/** Calls of orchestrators behind the circuit `orchestration`: it opens after 3 failures for 60 s, or until a list of models comes. */
export function createOrchestratorCalls(
  options: Pick<GuardedCallerOptions, "bus" | "clock" | "breakers">,
): GuardedCaller {
  return new GuardedCaller({
    ...options,
    name: "orchestration",
    openForMs: OPEN_FOR_MS,
    probe: (bus, signal) => bus.call(orchestratorModelsList, {}, { signal }),
  });
}
