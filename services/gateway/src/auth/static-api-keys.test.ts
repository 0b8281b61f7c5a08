import { expect, test } from "vitest";
import { generateApiKey, hashApiKey, readApiKeyId } from "./api-key.js";
import { createStaticApiKeys } from "./static-api-keys.js";

test("a configured key is known by its hash, with its scopes", () => {
  const find = createStaticApiKeys([
    `alice=${hashApiKey("key of alice")}`,
    `alice=${hashApiKey("another key of alice")}=admin flags:read`,
  ]);
  expect(find("key of alice")).toMatchObject({ clientId: "alice", scopes: new Set() });
  expect(find("another key of alice")?.scopes).toEqual(new Set(["admin", "flags:read"]));
  expect(find("key of bob")).toBeUndefined();
  expect(find(hashApiKey("key of alice"))).toBeUndefined();
});

test("a key that was made holds its id, is different every time, and fits into a subprotocol entry", () => {
  const [one, other] = [generateApiKey(), generateApiKey()];
  expect(readApiKeyId(one.key)).toBe(one.id);
  expect(one.key).not.toBe(other.key);
  expect(one.key).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(readApiKeyId(`${one.key}x`)).toBeUndefined();
});
