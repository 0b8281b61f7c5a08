import { OrchestraError } from "@ai-orchestra/contracts";
import { ReplyError } from "ioredis";

const RETRY_AFTER_MS = 1_000;

/** First words of replies that say something about the server's state, not about the command. */
const SERVER_STATES = new Set([
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "NOAUTH",
  "NOPERM",
  "NOREPLICAS",
  "OOM",
  "READONLY",
  "TRYAGAIN",
  "UNKILLABLE",
  "WRONGPASS",
]);

/**
 * Turns what a Redis call threw into a coded error: `unavailable` when Redis was away, slow or unable, `internal` when it
 * refused this very command, which trying again would not change.
 */
export function toRedisFailure(thrown: unknown): OrchestraError {
  const cause = withoutArguments(thrown);
  const isReply = thrown instanceof Error && thrown instanceof ReplyError;
  if (isReply && !SERVER_STATES.has(firstWord(thrown.message))) {
    return new OrchestraError("internal", "the session store refused a command", { cause });
  }
  return new OrchestraError("unavailable", "the session store cannot be reached", {
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  });
}

/** ioredis hangs the failed command with its arguments, which are user text here, on the error. */
function withoutArguments(thrown: unknown): unknown {
  if (thrown instanceof Error && "command" in thrown) delete thrown.command;
  return thrown;
}

function firstWord(message: string): string {
  return message.slice(0, Math.max(message.indexOf(" "), 0));
}
