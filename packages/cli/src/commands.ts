import type { OrchestraClient } from "@ai-orchestra/client";
import type { Conversation } from "./conversation.js";
import type { Screen } from "./screen.js";

const PAGE_LIMIT = 100;
/** Pages of history that are printed; what is older is in the API. */
const MAX_PAGES = 10;

const HELP = `/new            start a new conversation
/history        show this conversation
/sessions       list your conversations
/model [name]   choose the model that answers, "default" for the server's choice
/cancel         end the running answer (so does Ctrl-C)
/help           show this
/quit           leave (so does Ctrl-D)`;

export interface CommandScope {
  readonly client: OrchestraClient;
  readonly conversation: Conversation;
  readonly screen: Screen;
}

/** Runs a line that begins with a slash. Resolves with `quit` when it asks to leave. */
export async function runCommand(line: string, scope: CommandScope): Promise<"quit" | undefined> {
  const { conversation, screen } = scope;
  const [name, argument] = line.trim().split(/\s+/, 2);
  switch (name) {
    case "/quit":
    case "/exit":
      return "quit";
    case "/new":
      conversation.startOver();
      screen.note(`new conversation ${conversation.sessionId}`);
      return undefined;
    case "/model":
      if (argument !== undefined) conversation.model = argument === "default" ? undefined : argument;
      screen.note(`model: ${conversation.model ?? "the server's default"}`);
      return undefined;
    case "/cancel":
      screen.note("nothing to cancel");
      return undefined;
    case "/history":
      await printHistory(scope);
      return undefined;
    case "/sessions":
      await printSessions(scope);
      return undefined;
    case "/help":
      screen.line(HELP);
      return undefined;
    default:
      screen.note(`no such command: ${name}; /help lists them`);
      return undefined;
  }
}

async function printHistory({ client, conversation, screen }: CommandScope): Promise<void> {
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, nextCursor } = await client.sessions.messages(conversation.sessionId, { cursor, limit: PAGE_LIMIT });
    for (const { role, text, status, model } of items) {
      const ended = status === "completed" ? "" : ` (${status})`;
      screen.note(role === "user" ? "you" : `${model ?? "assistant"}${ended}`);
      screen.line(text);
    }
    if (nextCursor === undefined) return;
    cursor = nextCursor;
  }
  screen.note("… and more");
}

async function printSessions({ client, conversation, screen }: CommandScope): Promise<void> {
  const { items, nextCursor } = await client.sessions.list({ limit: PAGE_LIMIT });
  if (items.length === 0) screen.note("no conversations yet");
  for (const { sessionId, messages, updatedAt } of items) {
    const here = sessionId === conversation.sessionId ? " (this one)" : "";
    screen.line(`${sessionId}  ${messages} messages, last ${updatedAt}${here}`);
  }
  if (nextCursor !== undefined) screen.note("… and more");
}
