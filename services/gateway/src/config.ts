import { LIMITS } from "@ai-orchestra/contracts";
import { z } from "zod";
import { isLoopbackHost } from "./auth/loopback.js";

const positiveInt = () => z.coerce.number<string>().int().min(1);

/** The gateway's own environment variables, beside those every service has. */
export const envSchema = z.object({
  GATEWAY_HOST: z
    .string()
    .default("127.0.0.1")
    .refine(isLoopbackHost, "clients need no token here, so only this machine may reach it")
    .describe("Address that clients connect to; a loopback one."),
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
});

export type GatewayConfig = z.output<typeof envSchema>;
