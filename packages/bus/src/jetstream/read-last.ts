import type { Msg } from "@nats-io/nats-core";
import type { OrchestraError } from "@ai-orchestra/contracts";
import { unavailable } from "../errors.js";
import { headerStatus, headerValue, HEADERS, readText } from "../headers.js";
import type { PendingCalls, ReplyHandler } from "../rpc/pending-calls.js";

/** The last message of a subject as a stream has it. */
export interface LastMessage {
  readonly sequence: number;
  readonly text: string;
  /** Header block, see `headerValue`. */
  readonly headerText: string;
}

export interface ReadLastOptions {
  readonly stream: string;
  readonly subject: string;
  /** With more than one, the leader is asked: another replica may not have the newest message yet. */
  readonly replicas: number;
  readonly timeoutMs: number;
}

interface StoredMessageReply {
  readonly message?: { readonly seq: number; readonly hdrs?: string; readonly data?: string };
  readonly error?: { readonly code?: number; readonly description?: string };
}

const NOT_FOUND = 404;

/** Reads the last message of a subject, or undefined. Rejects with `timeout` or `unavailable`. */
export function readLast(pendingCalls: PendingCalls, options: ReadLastOptions): Promise<LastMessage | undefined> {
  const { stream, subject, timeoutMs } = options;
  const direct = options.replicas === 1;
  return new Promise((resolve, reject) => {
    pendingCalls.send(
      {
        subject: direct ? `$JS.API.DIRECT.GET.${stream}.${subject}` : `$JS.API.STREAM.MSG.GET.${stream}`,
        payload: Buffer.from(direct ? "" : JSON.stringify({ last_by_subj: subject })),
        headerBytes: undefined,
        timeoutMs,
      },
      new LastMessageReply(direct ? readDirect : readFromLeader, resolve, reject),
    );
  });
}

class LastMessageReply implements ReplyHandler {
  readonly #read: (message: Msg, headerText: string) => LastMessage | undefined;
  readonly #resolve: (found: LastMessage | undefined) => void;
  readonly #reject: (error: OrchestraError) => void;

  constructor(
    read: (message: Msg, headerText: string) => LastMessage | undefined,
    resolve: (found: LastMessage | undefined) => void,
    reject: (error: OrchestraError) => void,
  ) {
    this.#read = read;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onReply(message: Msg, headerText: string): void {
    try {
      this.#resolve(this.#read(message, headerText));
    } catch (cause) {
      this.#reject(unavailable("a stored message could not be read", cause));
    }
  }

  onFailure(error: OrchestraError): void {
    this.#reject(error);
  }
}

function readDirect(message: Msg, headerText: string): LastMessage | undefined {
  const status = headerStatus(headerText);
  if (status === NOT_FOUND) return undefined;
  const sequence = headerValue(headerText, HEADERS.sequence);
  if (status !== 0 || sequence === undefined) throw new Error(`direct get answered with status ${status}`);
  return { sequence: Number(sequence), text: readText(message), headerText };
}

function readFromLeader(message: Msg): LastMessage | undefined {
  const reply = JSON.parse(readText(message)) as StoredMessageReply;
  if (reply.error?.code === NOT_FOUND) return undefined;
  if (reply.message === undefined) throw new Error(reply.error?.description ?? "no message in the answer");
  return {
    sequence: reply.message.seq,
    text: Buffer.from(reply.message.data ?? "", "base64").toString("utf8"),
    headerText: Buffer.from(reply.message.hdrs ?? "", "base64").toString("latin1"),
  };
}
