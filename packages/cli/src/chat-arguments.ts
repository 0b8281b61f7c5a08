import { parseArgs } from "node:util";

export interface ChatArguments {
  /** Gateways to talk to, in this order; empty: find the stack that runs here. */
  readonly urls: string[];
  readonly token: string | undefined;
  readonly model: string | undefined;
  readonly sessionId: string | undefined;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run chat -- [options]

  --url <url>       a gateway, repeat it to name several; default: the stack that npm start runs
  --model <name>    the model that answers, provider/name; default: the server's
  --session <id>    go on with a conversation; default: a new one
  --token <token>   JWT or API key; default: ORCHESTRA_TOKEN
  --help
`;

/** Reads the command line. Throws a TypeError that names the argument at fault. */
export function parseChatArguments(args: string[], env: Record<string, string | undefined>): ChatArguments {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: "string", multiple: true },
      model: { type: "string" },
      session: { type: "string" },
      token: { type: "string" },
      help: { type: "boolean" },
    },
  });
  return {
    urls: values.url ?? [],
    token: values.token ?? env["ORCHESTRA_TOKEN"],
    model: values.model,
    sessionId: values.session,
    help: values.help ?? false,
  };
}
