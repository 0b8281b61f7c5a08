// Writes the secrets of a Compose installation into `.env`, with random values: `node infra/docker/make-env.mjs [file]`.
// What the file has stays as it is, so that it can be run again after an update. Never commit the file.
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { ENV_FILE, readEnvFile } from "./env-file.mjs";
import { createUserKey } from "./nkey.mjs";

const BUS_USERS = ["gateway", "orchestrator", "memory", "flags", "health", "operator"];
const SECRET_BYTES = 32;

const path = process.argv[2] ?? ENV_FILE;
const present = readEnvFile(path);
const added = [...tokenSecret(), ...redisPassword(), ...BUS_USERS.flatMap(busUser)];
if (added.length > 0) {
  const isComplete = !existsSync(path) || /(^|\n)$/.test(readFileSync(path, "utf8"));
  appendFileSync(path, `${isComplete ? "" : "\n"}${added.join("\n")}\n`, { mode: 0o600 });
}
chmodSync(path, 0o600);
console.log(`${path}: ${added.length} variables added, ${present.size} were there`);

/** What the gateway checks tokens with; `mint-token.mjs` signs with it. */
function tokenSecret() {
  return present.has("AUTH_JWT_SECRET") ? [] : [`AUTH_JWT_SECRET=${randomSecret()}`];
}

/** The memory service has the password; Redis is told its hash only. */
function redisPassword() {
  if (present.has("REDIS_MEMORY_PASSWORD") && present.has("REDIS_MEMORY_PASSWORD_SHA256")) return [];
  const known = present.get("REDIS_MEMORY_PASSWORD");
  const password = known ?? randomSecret();
  const hash = createHash("sha256").update(password).digest("hex");
  const hashLine = `REDIS_MEMORY_PASSWORD_SHA256=${hash}`;
  return known === undefined ? [`REDIS_MEMORY_PASSWORD=${password}`, hashLine] : [hashLine];
}

/** The service has the seed; the server is told the public key only. */
function busUser(user) {
  const publicName = `NATS_${user.toUpperCase()}_NKEY`;
  const seedName = `NATS_${user.toUpperCase()}_NKEY_SEED`;
  if (present.has(publicName) && present.has(seedName)) return [];
  if (present.has(publicName) || present.has(seedName)) {
    throw new Error(`${path} has only one of ${publicName} and ${seedName}: remove it, and both are made anew`);
  }
  const { publicKey, seed } = createUserKey();
  return [`${publicName}=${publicKey}`, `${seedName}=${seed}`];
}

function randomSecret() {
  return randomBytes(SECRET_BYTES).toString("hex");
}
