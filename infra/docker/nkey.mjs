import { generateKeyPairSync } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const KEY_BYTES = 32;
/** What the encoded forms of a user's keys begin with: `U`, and `SU` for the seed. */
const USER = 20 << 3;
const SEED = 18 << 3;

/**
 * A new NKey of a NATS user: an Ed25519 key pair in the form that NATS writes it, base32 with a checksum.
 *
 * @returns the public key (`U…`) for the server and the seed (`SU…`) for the client
 */
export function createUserKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  // Both DER forms end with the raw key.
  const publicBytes = publicKey.export({ type: "spki", format: "der" }).subarray(-KEY_BYTES);
  const seedBytes = privateKey.export({ type: "pkcs8", format: "der" }).subarray(-KEY_BYTES);
  return {
    publicKey: encode([USER, ...publicBytes]),
    seed: encode([SEED | (USER >> 5), (USER & 31) << 3, ...seedBytes]),
  };
}

function encode(bytes) {
  const checksum = crc16(bytes);
  return base32([...bytes, checksum & 0xff, checksum >> 8]);
}

/** CRC-16/XMODEM. */
function crc16(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

/** RFC 4648 without padding. */
function base32(bytes) {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => ALPHABET[parseInt(group.padEnd(5, "0"), 2)]).join("");
}
