import { memorySessionsList } from "@ai-orchestra/contracts";
import { GuardedCaller, type GuardedCallerOptions } from "./guarded-caller.js";

const NOBODY = "0".repeat(16);

/**
 * Calls of the memory service behind the circuit `memory`: it opens after 3 failures for 30 s and closes within about a
 * second of memory and its Redis being back, which the sessions of nobody are asked for.
 */
export function createMemoryCalls(options: Pick<GuardedCallerOptions, "bus" | "clock" | "breakers">): GuardedCaller {
  return new GuardedCaller({
    ...options,
    name: "memory",
    probe: (bus, signal) => bus.call(memorySessionsList, { owner: NOBODY, limit: 1 }, { signal }),
  });
}
