import { OrchestraClientError } from "./client-error.js";

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";

/** A random id of 120 bits that the protocol accepts. Works on insecure origins, where `crypto.randomUUID` does not. */
export function createId(prefix: string): string {
  let id = `${prefix}_`;
  for (const byte of crypto.getRandomValues(new Uint8Array(24))) id += ALPHABET[byte & 31];
  return id;
}

/** Throws `invalid_request` unless the id is one the protocol accepts. */
export function assertId(name: string, id: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id)) return;
  throw new OrchestraClientError("invalid_request", `${name} must be 1 to 64 characters of A-Z, a-z, 0-9, _ or -`);
}
