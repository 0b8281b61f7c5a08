import { LIMITS } from "@ai-orchestra/contracts";
import { z } from "zod";
import { authEnv, needsToken } from "./auth/auth-env.js";
import { isLoopbackHost } from "./auth/loopback.js";
import { commaList } from "./comma-list.js";
import { isNetwork } from "./http/client-address.js";

const positiveInt = () => z.coerce.number<string>().int().min(1);
const milliseconds = () => z.coerce.number<string>().int().min(0).max(2_147_483_647);

/** The gateway's own environment variables, beside those every service has. */
export const envSchema = z.object({
  GATEWAY_HOST: z
    .string()
    .default("127.0.0.1")
    .describe("Address that clients connect to; a loopback one unless an AUTH variable says which tokens are good."),
  GATEWAY_PORT: z.coerce
    .number<string>()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe("Port for WebSocket and HTTP clients; 0 takes any free one."),
  GATEWAY_MAX_CONNECTIONS: positiveInt()
    .default(1_000)
    .describe("Open WebSocket connections; past it upgrades are answered 503."),
  GATEWAY_MAX_NEW_CONNECTIONS_PER_SECOND: positiveInt()
    .default(500)
    .describe("Upgrades that are looked at within a second; past it they are answered 503."),
  GATEWAY_MAX_CONNECTIONS_PER_CLIENT: positiveInt()
    .max(10_000)
    .default(5)
    .describe("Connections of one client over all gateways; past it they are closed with 4007."),
  GATEWAY_MESSAGES_PER_MINUTE: positiveInt()
    .max(1_000_000)
    .default(LIMITS.messagesPerMinute)
    .describe("Frames and HTTP requests of one client a minute on this gateway; past it they are refused."),
  GATEWAY_MAX_BAD_TOKENS_PER_MINUTE: positiveInt()
    .default(120)
    .describe("Bad tokens from one address a minute; past it the address is answered 429 whatever it sends."),
  GATEWAY_MAX_REQUESTS_IN_FLIGHT: positiveInt()
    .default(1_000)
    .describe("HTTP requests that are being answered, streams included; past it they are answered 503."),
  GATEWAY_MAX_MESSAGE_BYTES: positiveInt()
    .max(LIMITS.maxMessageBytes)
    .default(LIMITS.maxMessageBytes)
    .describe("UTF-8 bytes of one client frame or HTTP body."),
  GATEWAY_MAX_TURNS_IN_FLIGHT: positiveInt()
    .max(1_024)
    .default(LIMITS.maxTurnsInFlight)
    .describe("Turns of one connection that have not ended."),
  GATEWAY_MAX_ATTACHED_SESSIONS: positiveInt()
    .max(1_024)
    .default(64)
    .describe("Sessions that one connection may be attached to."),
  GATEWAY_HEARTBEAT_MS: positiveInt()
    .min(8_000)
    .max(960_000)
    .default(30_000)
    .describe("Milliseconds within which a connection without traffic is probed, and closed when it does not answer."),
  GATEWAY_IDLE_TIMEOUT_MS: milliseconds()
    .default(300_000)
    .describe(
      "Milliseconds that a client may send no frame and have no turn in flight before it is closed with 4003; 0: for ever.",
    ),
  GATEWAY_MAX_CONNECTION_AGE_MS: milliseconds()
    .default(21_600_000)
    .describe(
      "Milliseconds after which a client is told to `drain` and, 5 s later, closed with 4001, less a random tenth; 0: never.",
    ),
  GATEWAY_TIER_PRIORITIES: commaList(
    z.string().regex(/^[^=]{1,64}=(high|normal|low)$/, "must look like tier=high, tier=normal or tier=low"),
  ).describe("Priority of turns by the tier of their client, such as `pro=high,free=low`; normal for all others."),
  GATEWAY_ALLOWED_ORIGINS: commaList(
    z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, "must look like https://chat.example, or be *"),
  ).describe("Origins of pages that may use this gateway beside those of its own host; `*`: every one."),
  GATEWAY_TRUSTED_PROXIES: commaList(
    z.string().refine(isNetwork, "must be an address, or a network such as 10.0.0.0/8"),
  ).describe("Proxies whose `X-Forwarded-For` is believed: addresses and networks, separated by commas."),
  GATEWAY_PROXY_PROTOCOL: z
    .enum(["off", "on"])
    .default("off")
    .describe("Whether the trusted proxies say the client's address with a PROXY protocol (version 2) header."),
  GATEWAY_TLS_CERT_FILE: z
    .string()
    .optional()
    .describe("PEM file with the certificate chain, for TLS without a proxy."),
  GATEWAY_TLS_KEY_FILE: z.string().optional().describe("PEM file with the key of `GATEWAY_TLS_CERT_FILE`."),
  GATEWAY_MAX_BUFFERED_BYTES: positiveInt()
    .min(1_048_576)
    .default(4_194_304)
    .describe(
      "Bytes kept at most for a WebSocket client that does not read; at half of it the client is closed with 4002.",
    ),
  GATEWAY_SLOW_CONSUMER_TIMEOUT_MS: positiveInt()
    .default(30_000)
    .describe("Milliseconds that a client may be behind before it is closed with 4002."),
  GATEWAY_BUS_OUTAGE_TIMEOUT_MS: z.coerce
    .number<string>()
    .int()
    .min(0)
    .default(30_000)
    .describe("Milliseconds that the bus may be away before clients are closed with 4006; 0 keeps them."),
  GATEWAY_V1_DEPRECATED_SINCE: z.iso
    .date()
    .default("2026-01-01")
    .describe("Day since which V1 is deprecated, as its clients are told in the `Deprecation` header."),
  GATEWAY_V1_SUNSET: z.iso
    .date()
    .default("2027-12-31")
    .describe("Day on which V1 is to go, as its clients are told in the `Sunset` header; it switches nothing off."),
  JETSTREAM_REPLICAS: positiveInt().max(5).default(1).describe("Replicas of the bus's streams."),
  ...authEnv,
});

export type GatewayConfig = z.output<typeof envSchema>;

/** What is wrong with the variables taken together, one line each. */
export function checkConfig(config: GatewayConfig): string[] {
  const lines: string[] = [];
  if (!needsToken(config) && !isLoopbackHost(config.GATEWAY_HOST)) {
    lines.push(
      `GATEWAY_HOST=${JSON.stringify(config.GATEWAY_HOST)} lets other machines in, and no token is asked for. Set AUTH_JWT_SECRET, AUTH_JWKS_URL, AUTH_JWT_PUBLIC_KEY_FILES or AUTH_API_KEYS, or listen on 127.0.0.1.`,
    );
  }
  if ((config.GATEWAY_TLS_CERT_FILE === undefined) !== (config.GATEWAY_TLS_KEY_FILE === undefined)) {
    lines.push("GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE only work together. Set both, or neither.");
  }
  if (config.GATEWAY_PROXY_PROTOCOL === "on" && config.GATEWAY_TRUSTED_PROXIES.length === 0) {
    lines.push("GATEWAY_PROXY_PROTOCOL=on needs the proxies' addresses. Set GATEWAY_TRUSTED_PROXIES.");
  }
  if (config.AUTH_JWT_SECRET_PREVIOUS !== undefined && config.AUTH_JWT_SECRET === undefined) {
    lines.push("AUTH_JWT_SECRET_PREVIOUS is the secret before another one. Set AUTH_JWT_SECRET.");
  }
  return lines;
}
