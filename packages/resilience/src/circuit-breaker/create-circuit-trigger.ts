import type { CircuitTrigger } from "./circuit-trigger.js";
import { createConsecutiveTrigger, type ConsecutiveTriggerOptions } from "./consecutive-trigger.js";
import { createCountWindowTrigger, type CountWindowTriggerOptions } from "./count-window-trigger.js";
import { createTimeWindowTrigger, type TimeWindowTriggerOptions } from "./time-window-trigger.js";

export type CircuitTriggerOptions = ConsecutiveTriggerOptions | CountWindowTriggerOptions | TimeWindowTriggerOptions;

export function createCircuitTrigger(options: CircuitTriggerOptions): CircuitTrigger {
  switch (options.kind) {
    case "consecutive":
      return createConsecutiveTrigger(options);
    case "count-window":
      return createCountWindowTrigger(options);
    case "time-window":
      return createTimeWindowTrigger(options);
  }
}
