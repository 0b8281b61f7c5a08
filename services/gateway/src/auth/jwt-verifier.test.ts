import { createSecretKey, generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { describe, expect, test } from "vitest";
import type { JwtKey } from "./jwt-keys.js";
import { createJwtVerifier, type JwtVerifierOptions } from "./jwt-verifier.js";

const NOW = 1_800_000_000_000;
const secret = (letter: string) => createSecretKey(Buffer.from(letter.repeat(32)));
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const hs256 = (letter: string): JwtKey => ({ algorithms: ["HS256"], find: () => secret(letter) });
const rs256: JwtKey = { algorithms: ["RS256"], find: () => rsa.publicKey };

const sign = (claims: JWTPayload, { letter = "a", expiresInMs = 60_000 } = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(new Date(NOW + expiresInMs))
    .sign(secret(letter));

const verifier = (options: Partial<JwtVerifierOptions> = {}) =>
  createJwtVerifier({
    keys: [hs256("a"), hs256("b"), rs256],
    issuers: [],
    audiences: [],
    clientClaim: "sub",
    graceMs: 5_000,
    now: () => NOW,
    ...options,
  });

describe("a JWT", () => {
  test("says who its client is and what it may", async () => {
    const token = await sign({ sub: "alice", scope: "admin chat", tier: "pro", groups: ["staff"] });
    expect(await verifier()(token)).toMatchObject({
      clientId: "alice",
      scopes: new Set(["admin", "chat"]),
      tier: "pro",
      groups: ["staff"],
      expiresAt: NOW + 65_000,
    });
  });

  test("may have its scopes as a list", async () => {
    const token = await sign({ sub: "alice", scopes: ["flags:read"] });
    expect((await verifier()(token)).scopes).toEqual(new Set(["flags:read"]));
  });

  test("may have the client id in another claim", async () => {
    const token = await sign({ sub: "somebody", client_id: "app-1" });
    expect((await verifier({ clientClaim: "client_id" })(token)).clientId).toBe("app-1");
  });

  test("is good under the previous secret too", async () => {
    expect((await verifier()(await sign({ sub: "alice" }, { letter: "b" }))).clientId).toBe("alice");
  });

  test("is good for as long as the grace says", async () => {
    const token = await sign({ sub: "alice" }, { expiresInMs: -4_000 });
    expect((await verifier()(token)).clientId).toBe("alice");
    await expect(verifier({ graceMs: 1_000 })(token)).rejects.toMatchObject({
      code: "unauthorized",
      message: "the token has expired",
    });
  });

  test.each<[string, () => Promise<string> | string, Partial<JwtVerifierOptions>]>([
    ["is signed with another secret", () => sign({ sub: "alice" }, { letter: "c" }), {}],
    ["is not signed", () => new UnsecuredJWT({ sub: "alice" }).setExpirationTime("1h").encode(), {}],
    ["never expires", () => new SignJWT({ sub: "alice" }).setProtectedHeader({ alg: "HS256" }).sign(secret("a")), {}],
    ["names no client", () => sign({}), {}],
    ["names an empty client", () => sign({ sub: "" }), {}],
    ["has scopes that are none", () => sign({ sub: "alice", scopes: 7 }), {}],
    ["is not valid yet", () => sign({ sub: "alice", nbf: NOW / 1_000 + 60 }), {}],
    ["comes from another issuer", () => sign({ sub: "alice", iss: "evil" }), { issuers: ["good", "better"] }],
    ["names no issuer", () => sign({ sub: "alice" }), { issuers: ["good"] }],
    ["is for another audience", () => sign({ sub: "alice", aud: "other" }), { audiences: ["orchestra"] }],
    [
      "uses a public key as a secret",
      () =>
        new SignJWT({ sub: "alice" })
          .setProtectedHeader({ alg: "HS256" })
          .setExpirationTime(new Date(NOW + 60_000))
          .sign(createSecretKey(Buffer.from(rsa.publicKey.export({ type: "spki", format: "pem" }) as string))),
      { keys: [rs256] },
    ],
    ["is none at all", () => "a.b.c", {}],
  ])("is refused when it %s", async (_what, token, options) => {
    await expect(verifier(options)(await token())).rejects.toMatchObject({ code: "unauthorized", retryable: false });
  });

  test("is taken from any of the issuers and audiences that are listed", async () => {
    const token = await sign({ sub: "alice", iss: "better", aud: ["web", "orchestra"] });
    const verify = verifier({ issuers: ["good", "better"], audiences: ["orchestra"] });
    expect((await verify(token)).clientId).toBe("alice");
  });
});
