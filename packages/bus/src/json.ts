/** A value as JSON; `undefined` is the empty text. */
export function encodeJson(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}
