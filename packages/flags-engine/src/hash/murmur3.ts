const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const utf8 = new TextEncoder();

/**
 * MurmurHash3 x86 32-bit of a text's UTF-8 bytes, as an unsigned number (Austin Appleby's MurmurHash3.cpp, public
 * domain). Not for secrets.
 */
export function murmur3(text: string, seed = 0): number {
  const { length } = text;
  let hash = seed | 0;
  let index = 0;
  for (; index + 3 < length; index += 4) {
    const a = text.charCodeAt(index);
    const b = text.charCodeAt(index + 1);
    const c = text.charCodeAt(index + 2);
    const d = text.charCodeAt(index + 3);
    if ((a | b | c | d) > 0x7f) return hashBytes(utf8.encode(text), seed);
    hash = mixBlock(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let at = length - 1; at >= index; at -= 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return hashBytes(utf8.encode(text), seed);
    tail = (tail << 8) | code;
  }
  return finish(hash, tail, length);
}

function hashBytes(bytes: Uint8Array, seed: number): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = seed | 0;
  let index = 0;
  for (; index + 3 < length; index += 4) hash = mixBlock(hash, view.getInt32(index, true));
  let tail = 0;
  for (let at = length - 1; at >= index; at -= 1) tail = (tail << 8) | view.getUint8(at);
  return finish(hash, tail, length);
}

function mixBlock(hash: number, block: number): number {
  const mixed = hash ^ scramble(block);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  const multiplied = Math.imul(block, C1);
  return Math.imul((multiplied << 15) | (multiplied >>> 17), C2);
}

function finish(hash: number, tail: number, length: number): number {
  let result = hash ^ scramble(tail) ^ length;
  result = Math.imul(result ^ (result >>> 16), 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}
