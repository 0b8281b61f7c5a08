import { loadConfig } from "@ai-orchestra/service-kit";
import { expect, test } from "vitest";
import { checkConfig, envSchema } from "./config.js";

const load = (source: Record<string, string>) =>
  loadConfig({ name: "gateway", env: envSchema, source, check: checkConfig });
const SECRET = "s".repeat(32);

test.each<[string, Record<string, string>, RegExp]>([
  ["an open port without tokens", { GATEWAY_HOST: "0.0.0.0" }, /^GATEWAY_HOST="0.0.0.0" lets other machines in/],
  ["a certificate without its key", { GATEWAY_TLS_CERT_FILE: "cert.pem" }, /^GATEWAY_TLS_CERT_FILE and/],
  ["PROXY protocol from everybody", { GATEWAY_PROXY_PROTOCOL: "on" }, /^GATEWAY_PROXY_PROTOCOL=on needs/],
  ["only a previous secret", { AUTH_JWT_SECRET_PREVIOUS: SECRET }, /^AUTH_JWT_SECRET_PREVIOUS is/],
  ["a short secret, which is not shown", { AUTH_JWT_SECRET: "short" }, /^AUTH_JWT_SECRET=\[redacted\] is wrong/],
  ["an API key in clear", { AUTH_API_KEYS: "alice=secret" }, /^AUTH_API_KEYS=\[redacted\] is wrong/],
  ["a proxy by name", { GATEWAY_TRUSTED_PROXIES: "proxy" }, /^GATEWAY_TRUSTED_PROXIES="proxy" is wrong/],
  ["a priority that is none", { GATEWAY_TIER_PRIORITIES: "pro=urgent" }, /^GATEWAY_TIER_PRIORITIES/],
])("%s is refused in one line", (_what, source, line) => {
  expect(() => load(source)).toThrow(
    expect.objectContaining({ code: "invalid_config", lines: [expect.stringMatching(line)] }),
  );
});

test.each<Record<string, string>>([
  { AUTH_JWT_SECRET: SECRET },
  { AUTH_JWKS_URL: "https://login.example/keys" },
  { AUTH_API_KEYS: `alice=${"0".repeat(64)}=admin flags:read` },
  { AUTH_MODE: "required" },
])("any way to tell callers apart lets other machines in: %j", (source) => {
  expect(load({ GATEWAY_HOST: "0.0.0.0", ...source }).GATEWAY_HOST).toBe("0.0.0.0");
});
