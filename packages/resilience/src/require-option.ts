/** `value` if it is a whole number of at least 1, else a `RangeError` that names the option. */
export function requireCount(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${option} must be a whole number of at least 1, not ${value}`);
}

/** `value` if it is above 0 and at most 1, else a `RangeError` that names the option. */
export function requireShare(option: string, value: number): number {
  if (value > 0 && value <= 1) return value;
  throw new RangeError(`${option} must be above 0 and at most 1, not ${value}`);
}

/** `value` if it is finite and at least `minimum` (default 0), else a `RangeError` that names the option. */
export function requireAtLeast(option: string, value: number, minimum = 0): number {
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new RangeError(`${option} must be at least ${minimum}, not ${value}`);
}
