/** One hash tag for all of it: a report reads many days in one step. */
const PREFIX = "{usage}:";
const DAY_MS = 86_400_000;

/** Set while a batch has been counted and might be sent again. */
export const usageBatchKey = (batchId: string): string => `${PREFIX}batch:${batchId}`;

/** Hash of a UTC day: requests by protocol, and under `<protocol>:last` when the last one was. */
export const usageDayKey = (at: number): string => `${PREFIX}${new Date(at).toISOString().slice(0, 10)}`;

/** HyperLogLog of a day's clients of a protocol. */
export const usageClientsKey = (at: number, protocol: string): string => `${usageDayKey(at)}:${protocol}`;

/** The last `days` days that end with the one of `at`, as a moment of each. */
export const lastDays = (days: number, at: number): number[] =>
  Array.from({ length: days }, (_, index) => at - index * DAY_MS);
