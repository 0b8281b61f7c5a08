// npm run maintenance -- on|off|status: stops and takes up new turns, through the gateway's admin API.
import { parseArgs } from "node:util";

const HELP = `Usage: npm run maintenance -- on|off|status [options]

on refuses new turns on every gateway; running ones end as usual and sessions can still be read. off returns to the
level that the system's health asks for.

  --url <address>      a gateway (default http://127.0.0.1:8080)
  --reason <text>      why; operators see it (default "maintenance")
  --minutes <n>        off again by itself after this long
  --help               this text

ORCHESTRA_TOKEN: a token with the scope admin, where the gateway asks for one.`;

const PATH = "/admin/degradation";
const TIMEOUT_MS = 15_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        url: { type: "string", default: "http://127.0.0.1:8080" },
        reason: { type: "string", default: "maintenance" },
        minutes: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    const [command, ...rest] = positionals;
    if (values.help || rest.length > 0 || !["on", "off", "status"].includes(command)) {
      console.log(HELP);
      return values.help ? 0 : 1;
    }
    const state = await request(command, values);
    console.log(describe(state));
    return 0;
  } catch (error) {
    console.error(`Maintenance: ${describeFailure(error)}`);
    return 1;
  }
}

async function request(command, { url, reason, minutes }) {
  const response = await fetch(new URL(PATH, url), {
    method: { on: "PUT", off: "DELETE", status: "GET" }[command],
    headers: {
      "content-type": "application/json",
      ...(process.env.ORCHESTRA_TOKEN ? { authorization: `Bearer ${process.env.ORCHESTRA_TOKEN}` } : {}),
    },
    ...(command === "on"
      ? {
          body: JSON.stringify({
            level: "maintenance",
            reason,
            ...(minutes ? { ttlMs: Number(minutes) * 60_000 } : {}),
          }),
        }
      : {}),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error?.message ?? `the gateway answered ${response.status}`);
  return body;
}

function describe({ level, pinned, score }) {
  if (pinned === null) return `The level is ${level} (health ${score}); new turns are ${taken(level)}.`;
  const until = pinned.until === null ? "until it is switched off" : `until ${pinned.until}`;
  return `The level is ${level}, held by ${pinned.by} (${pinned.reason}) ${until}; new turns are ${taken(level)}.`;
}

function taken(level) {
  return level === "maintenance" ? "refused" : "taken";
}

function describeFailure(error) {
  return error.cause?.code === "ECONNREFUSED" ? "no gateway answers there; name one with --url" : error.message;
}
