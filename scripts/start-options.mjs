import { parseArgs } from "node:util";

export const START_HELP = `Usage: npm start -- [options]

Installs and builds what is needed, starts NATS, Redis and every service on this machine, and keeps them running until
Ctrl-C. Listens on 127.0.0.1 only; clients need no token.

  --port <port>             where clients connect (default 8080; 0 takes any free port)
  --replicas <name>=<n>     instances of a service, for instance orchestrator=3; repeatable, or a list with commas
  --data-dir <folder>       data, logs and stack.json (default .orchestra); one stack per folder
  --help                    this text

NATS_URL and REDIS_URL, when set, are used instead of servers of its own.
Models: OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL, or orchestra.config.yaml.`;

const DEFAULT_PORT = 8080;
const MAX_PORT = 65_535;
const MAX_REPLICAS = 64;

/** An argument that makes no sense; its message is one line. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} args
 * @returns {{ help: boolean, port: number, replicas: Record<string, number>, dataDir: string | undefined }}
 */
export function parseStartOptions(args) {
  const { values } = parseKnownArgs(args);
  return {
    help: values.help ?? false,
    port: values.port === undefined ? DEFAULT_PORT : parsePort(values.port),
    replicas: parseReplicas(values.replicas ?? []),
    dataDir: values["data-dir"],
  };
}

function parseKnownArgs(args) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        replicas: { type: "string", multiple: true },
        "data-dir": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const [reason = ""] = error.message.split(/\.\s|\n/);
    throw new UsageError(`${reason}; npm start -- --help lists the options`, { cause: error });
  }
}

function parsePort(text) {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= MAX_PORT) return port;
  throw new UsageError(`--port ${text} is not a port; give a number from 0 to ${MAX_PORT}, for instance --port 8081`);
}

function parseReplicas(values) {
  const replicas = {};
  for (const entry of values.flatMap((value) => value.split(","))) {
    const [, name, count] = /^([a-z][a-z-]*)=(\d{1,3})$/.exec(entry.trim()) ?? [];
    if (name === undefined || Number(count) < 1 || Number(count) > MAX_REPLICAS) {
      throw new UsageError(
        `--replicas ${entry} makes no sense; write <service>=<1 to ${MAX_REPLICAS}>, for instance orchestrator=3`,
      );
    }
    replicas[name] = Number(count);
  }
  return replicas;
}
