import type { ChatTurn, OrchestraClient } from "@ai-orchestra/client";
import { randomUUID } from "node:crypto";
import { describeAnswer } from "./describe-answer.js";
import { reportError } from "./report-error.js";
import type { Screen } from "./screen.js";

/** The session being talked in, the model that answers, and the answer that is running. */
export class Conversation {
  readonly #client: OrchestraClient;
  readonly #screen: Screen;
  #running: ChatTurn | undefined;
  sessionId: string;
  /** Undefined: the server's default. */
  model: string | undefined;

  constructor(o: {
    client: OrchestraClient;
    screen: Screen;
    sessionId: string | undefined;
    model: string | undefined;
  }) {
    this.#client = o.client;
    this.#screen = o.screen;
    this.sessionId = o.sessionId ?? createSessionId();
    this.model = o.model;
  }

  get isAnswering(): boolean {
    return this.#running !== undefined;
  }

  startOver(): void {
    this.sessionId = createSessionId();
  }

  /** Ends the running answer; false when there is none. */
  cancel(): boolean {
    this.#running?.cancel();
    return this.isAnswering;
  }

  /** Sends a message and prints the answer as it arrives. Failures are printed, never thrown. */
  async say(text: string): Promise<void> {
    const screen = this.#screen;
    const turn = this.#client.chat({
      text,
      sessionId: this.sessionId,
      options: this.model === undefined ? {} : { model: this.model },
      onRestart: ({ attempt }) => screen.note(`— interrupted; attempt ${attempt} answers anew —`),
    });
    this.#running = turn;
    try {
      for await (const chunk of turn) screen.write(chunk);
      screen.note(describeAnswer(await turn.completed));
    } catch (error) {
      reportError(error, { client: this.#client, screen });
    } finally {
      this.#running = undefined;
    }
  }
}

function createSessionId(): string {
  return `chat-${randomUUID()}`;
}
