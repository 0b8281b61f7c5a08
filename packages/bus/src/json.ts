/** A value as JSON bytes; `undefined` is the empty message. */
export function encodeJson(value: unknown): Buffer {
  const text = JSON.stringify(value) as string | undefined;
  return Buffer.from(text ?? "");
}
