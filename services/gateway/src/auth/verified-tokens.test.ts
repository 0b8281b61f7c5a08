import { expect, test } from "vitest";
import { createPrincipal } from "./principal.js";
import { rememberVerified } from "./verified-tokens.js";

test("a token is verified once a minute, and never trusted past its end", async () => {
  let now = 0;
  const verified: string[] = [];
  const verify = rememberVerified(
    async (token) => {
      verified.push(token);
      return createPrincipal(token, token === "short" ? { expiresAt: now + 1_000 } : {});
    },
    () => now,
  );
  for (const token of ["long", "short", "long", "short"]) expect((await verify(token)).clientId).toBe(token);
  expect(verified).toEqual(["long", "short"]);
  now = 1_000;
  await verify("long");
  await verify("short");
  expect(verified).toEqual(["long", "short", "short"]);
  now = 60_000;
  await verify("long");
  expect(verified).toEqual(["long", "short", "short", "long"]);
});

test("a refusal is not remembered", async () => {
  let calls = 0;
  const verify = rememberVerified(
    () => Promise.reject(new Error(`refused ${(calls += 1)}`)),
    () => 0,
  );
  await expect(verify("bad")).rejects.toThrow("refused 1");
  await expect(verify("bad")).rejects.toThrow("refused 2");
});
