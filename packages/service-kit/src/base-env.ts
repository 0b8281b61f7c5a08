import { idSchema, SERVICES, type ServiceName } from "@ai-orchestra/contracts";
import { TRACE_EXPORTERS } from "@ai-orchestra/telemetry";
import { z } from "zod";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** The variables that every service has. A service extends it with its own: `baseEnvSchema("memory").extend({...})`. */
export function baseEnvSchema(name: ServiceName) {
  return z.object({
    NATS_URL: z
      .string()
      .transform(splitUrls)
      .pipe(z.array(z.string().regex(/^(?:nats|tls):\/\/[^\s/]+\/?$/, "must look like nats://host:4222")).min(1))
      .prefault("nats://127.0.0.1:4222")
      .describe("NATS servers, separated by commas."),
    NATS_USER: z.string().optional().describe("User of the NATS servers."),
    NATS_PASSWORD: z.string().optional().describe("Password that goes with `NATS_USER`."),
    NATS_TOKEN: z.string().optional().describe("Token for the NATS servers, instead of a user."),
    NATS_NKEY_SEED: z.string().optional().describe("NKey seed for the NATS servers, instead of a user."),
    NATS_TLS_CA: z.string().optional().describe("PEM file with the authority of the NATS servers' certificates."),
    NATS_TLS_CERT: z.string().optional().describe("PEM file with this client's certificate."),
    NATS_TLS_KEY: z.string().optional().describe("PEM file with the key of `NATS_TLS_CERT`."),
    OPS_HOST: z.string().default("127.0.0.1").describe("Address that `/livez`, `/readyz` and `/metrics` listen on."),
    OPS_PORT: z.coerce
      .number<string>()
      .int()
      .min(0)
      .max(65_535)
      .default(SERVICES[name].opsPort)
      .describe("Port of `/livez`, `/readyz` and `/metrics`; 0 takes any free one."),
    INSTANCE_ID: idSchema
      .optional()
      .describe(`Name of this instance, unique within the mesh; \`${name}-\` and six random hex digits unless set.`),
    LOG_LEVEL: z.enum(LOG_LEVELS).default("info").describe("Least severe level that is logged."),
    LOG_FORMAT: z.enum(["json", "pretty"]).default("json").describe("JSON lines, or coloured text for people."),
    START_TIMEOUT_MS: z.coerce
      .number<string>()
      .int()
      .min(1000)
      .max(600_000)
      .default(60_000)
      .describe(
        "Milliseconds that the components may take to start once NATS is there; then the process exits with 1.",
      ),
    DRAIN_TIMEOUT_MS: z.coerce
      .number<string>()
      .int()
      .min(100)
      .max(600_000)
      .default(4000)
      .describe("Milliseconds from SIGTERM or SIGINT to the end of the process."),
    OTEL_TRACES_EXPORTER: z
      .enum(TRACE_EXPORTERS)
      .default("none")
      .describe("Where spans go; each exporter reads its own `OTEL_EXPORTER_*` variables."),
    OTEL_TRACES_SAMPLER_ARG: z.coerce
      .number<string>()
      .min(0)
      .max(1)
      .default(1)
      .describe("Share of new traces that is recorded, 0 to 1."),
    STACK_PARENT_PID: z.coerce
      .number<string>()
      .int()
      .min(1)
      .optional()
      .describe("Process to live and die with: when it is gone, the service drains and ends."),
  });
}

export type BaseConfig = z.output<ReturnType<typeof baseEnvSchema>>;

function splitUrls(list: string): string[] {
  return list.split(",").flatMap((url) => (url.trim() === "" ? [] : [url.trim()]));
}
