import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const KEY_PATTERN = /^orc_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** `orc_<id>_<256 random bits>`: the id finds the key, and may be shown; all characters are good in a subprotocol. */
export function generateApiKey(): { id: string; key: string } {
  const id = randomBytes(8).toString("hex");
  return { id, key: `orc_${id}_${randomBytes(32).toString("base64url")}` };
}

/** The id inside of a key that was made here; undefined for any other text. */
export function readApiKeyId(key: string): string | undefined {
  return KEY_PATTERN.exec(key)?.[1];
}

/** SHA-256 in hex digits. A slow hash would add nothing to 256 random bits. */
export function hashApiKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Compares two SHA-256 hashes in hex, in a time that says nothing about them. */
export function equalHashes(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === b.length && timingSafeEqual(a, b);
}
