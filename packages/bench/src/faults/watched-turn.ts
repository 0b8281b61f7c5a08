import type { ChatTurn, OrchestraClient } from "@ai-orchestra/client";

/** What one client saw of one turn. */
export interface TurnSighting {
  readonly question: string;
  /** The text as its chunks spelled it, with what the SDK had taken back. Undefined: the turn did not complete. */
  readonly text: string | undefined;
  /** The whole answer as the last frame has it. */
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly attempts: number;
  readonly degraded: boolean;
  /** The longest time without any frame of the turn, from asking to the end. */
  readonly longestSilenceMs: number;
}

export interface WatchedTurn {
  /** Resolves with the first text, or when the turn ended without any. */
  readonly streaming: Promise<void>;
  readonly ended: Promise<TurnSighting>;
}

/** Asks a question, in a session of its own, and watches the turn to its end. Neither promise rejects. */
export function watchTurn(client: OrchestraClient, question: string): WatchedTurn {
  let taken = "";
  const turn = client.chat({
    text: question,
    turnId: question,
    sessionId: question,
    onRestart: ({ discardedText }) => {
      taken = taken.slice(0, taken.length - discardedText.length);
    },
  });
  const frames = followFrames(turn);
  let noteStreaming = (): void => undefined;
  const streaming = new Promise<void>((resolve) => {
    noteStreaming = resolve;
  });
  const read = async (): Promise<TurnSighting> => {
    try {
      for await (const chunk of turn) {
        taken += chunk;
        noteStreaming();
      }
      const { output, metadata } = await turn.completed;
      const { degraded } = metadata;
      return { question, text: taken, output: output.text, error: undefined, degraded, ...(await frames) };
    } catch (error) {
      return {
        question,
        text: undefined,
        output: undefined,
        error: String(error),
        degraded: false,
        ...(await frames),
      };
    } finally {
      noteStreaming();
    }
  };
  return { streaming, ended: read() };
}

async function followFrames(turn: ChatTurn): Promise<{ attempts: number; longestSilenceMs: number }> {
  let attempts = 0;
  let longestSilenceMs = 0;
  let heardAt = performance.now();
  try {
    for await (const frame of turn.events) {
      const now = performance.now();
      longestSilenceMs = Math.max(longestSilenceMs, now - heardAt);
      heardAt = now;
      if (frame.type === "turn.started") attempts += 1;
    }
  } catch {
    // The turn failed, which its text tells better.
  }
  return { attempts, longestSilenceMs };
}
