import {
  createHash,
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  randomUUID,
  type KeyObject,
} from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT, type JWK, type JWTPayload } from "jose";

export const SECRET = "a secret of the tests that is long enough";

/** A JWT of the tests' secret, good for an hour unless said otherwise. */
export function signToken(
  claims: JWTPayload,
  { secret = SECRET, expiresInMs = 3_600_000 }: { secret?: string; expiresInMs?: number } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime((Date.now() + expiresInMs) / 1_000)
    .sign(createSecretKey(Buffer.from(secret)));
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

/** A key as `AUTH_API_KEYS` has it. */
export function staticKey(clientId: string, key: string, scopes = ""): string {
  const hash = createHash("sha256").update(key).digest("hex");
  return scopes === "" ? `${clientId}=${hash}` : `${clientId}=${hash}=${scopes}`;
}

/** A key pair of an identity provider. */
export class SigningKey {
  readonly kid = randomUUID();
  readonly algorithm: "RS256" | "ES256";
  readonly publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  constructor(algorithm: "RS256" | "ES256") {
    this.algorithm = algorithm;
    const pair =
      algorithm === "RS256"
        ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.publicKey = pair.publicKey;
    this.#privateKey = createPrivateKey(pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  }

  get pem(): string {
    return this.publicKey.export({ type: "spki", format: "pem" }).toString();
  }

  async toJwk(): Promise<JWK> {
    return { ...(await exportJWK(this.publicKey)), kid: this.kid, alg: this.algorithm, use: "sig" };
  }

  sign(claims: JWTPayload): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: this.algorithm, kid: this.kid })
      .setExpirationTime("1h")
      .sign(this.#privateKey);
  }
}

/** A server that publishes a key set. */
export interface KeySetServer {
  readonly url: string;
  /** How often the set was asked for. */
  readonly requests: number;
  /** What it publishes from now on; `undefined`: it fails. */
  publish(keys: readonly SigningKey[] | undefined): void;
  close(): void;
}

export async function startKeySetServer(keys: readonly SigningKey[]): Promise<KeySetServer> {
  let published: readonly SigningKey[] | undefined = keys;
  let requests = 0;
  const answer = async (response: ServerResponse): Promise<void> => {
    requests += 1;
    if (published === undefined) {
      response.writeHead(500).end("broken");
      return;
    }
    const jwks = await Promise.all(published.map((key) => key.toJwk()));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: jwks }));
  };
  const server = createServer((_request, response) => void answer(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get requests() {
      return requests;
    },
    publish: (keys) => {
      published = keys;
    },
    close: () => server.close(),
  };
}
