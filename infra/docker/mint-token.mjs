// Prints a token for the gateway, signed with the AUTH_JWT_SECRET of the environment or of `.env`, for development:
//   node infra/docker/mint-token.mjs [client id] [--scope admin] [--tier pro] [--hours 12]
import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";
import { ENV_FILE, readEnvFile } from "./env-file.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scope: { type: "string", multiple: true },
    tier: { type: "string" },
    hours: { type: "string", default: "12" },
  },
});

const secret = process.env.AUTH_JWT_SECRET ?? readEnvFile(ENV_FILE).get("AUTH_JWT_SECRET");
const lifetimeSeconds = Number(values.hours) * 3_600;
if (secret === undefined) {
  console.error("There is no AUTH_JWT_SECRET: run `node infra/docker/make-env.mjs` first.");
  process.exitCode = 1;
} else if (!(lifetimeSeconds > 0)) {
  console.error("--hours must be a positive number");
  process.exitCode = 1;
} else {
  const issuedAt = Math.floor(Date.now() / 1_000);
  console.log(
    sign({
      sub: positionals[0] ?? "developer",
      iat: issuedAt,
      exp: Math.ceil(issuedAt + lifetimeSeconds),
      ...(values.scope === undefined ? {} : { scopes: values.scope }),
      ...(values.tier === undefined ? {} : { tier: values.tier }),
    }),
  );
}

/** A JWT with HS256. */
function sign(claims) {
  const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
