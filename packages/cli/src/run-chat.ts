import { createClient } from "@ai-orchestra/client";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { runCommand, type CommandScope } from "./commands.js";
import { Conversation } from "./conversation.js";
import { LineReader } from "./line-reader.js";
import { reportError } from "./report-error.js";
import { Screen } from "./screen.js";
import { watchConnection } from "./watch-connection.js";

export interface ChatTerminal {
  readonly input: Readable;
  readonly output: Writable;
  /** Someone sits there: prompt, line editing, Ctrl-C. Otherwise each line is answered in turn. */
  readonly interactive: boolean;
  readonly colour: boolean;
}

export interface ChatSetup {
  readonly urls: string[];
  readonly token: string | undefined;
  readonly model: string | undefined;
  readonly sessionId: string | undefined;
}

const ACCEPT_TIMEOUT_MS = 30_000;

/** Chats until the input ends or somebody leaves. Resolves with the exit code: 1 when the server shut us out. */
export async function runChat(setup: ChatSetup, terminal: ChatTerminal): Promise<number> {
  const { interactive, input, output } = terminal;
  const { urls, token, model, sessionId } = setup;
  const screen = new Screen(output, terminal.colour);
  const client = createClient({ url: urls, token, acceptTimeoutMs: ACCEPT_TIMEOUT_MS });
  const conversation = new Conversation({ client, screen, sessionId, model });
  const scope = { client, conversation, screen };
  const readline = createInterface({
    input,
    output: interactive ? output : undefined,
    terminal: interactive,
    prompt: "› ",
  });
  const lines = new LineReader(readline, (line) => interactive && line.trim() === "/cancel" && conversation.cancel());
  readline.on("SIGINT", () => {
    if (!conversation.cancel()) readline.close();
  });
  readline.on("line", () => interactive && screen.notePromptAnswered());
  watchConnection(client, screen);
  try {
    await client.connect().catch((error: unknown) => reportError(error, scope));
    if (interactive) screen.note(`${urls.join(", ")} · conversation ${conversation.sessionId} · /help`);
    for (;;) {
      if (client.state.status === "closed") return 1;
      if (interactive) screen.showPrompt(() => readline.prompt(true));
      const line = await lines.next();
      if (line === undefined) return 0;
      if (line.trim() === "") continue;
      if (!line.startsWith("/")) await conversation.say(line);
      else if ((await tryCommand(line, scope)) === "quit") return 0;
    }
  } finally {
    screen.endLine();
    readline.close();
    client.close();
  }
}

async function tryCommand(line: string, scope: CommandScope): Promise<"quit" | undefined> {
  try {
    return await runCommand(line, scope);
  } catch (error) {
    reportError(error, scope);
    return undefined;
  }
}
