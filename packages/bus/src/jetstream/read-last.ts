import type { Msg } from "@nats-io/nats-core";
import type { OrchestraError } from "@ai-orchestra/contracts";
import { unavailable } from "../errors.js";
import { headerStatus, headerValue, HEADERS, readText } from "../headers.js";
import { encodeJson } from "../json.js";
import { PendingRequest } from "../rpc/pending-request.js";
import type { PendingRequests } from "../rpc/pending-requests.js";

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
export function readLast(requests: PendingRequests, options: ReadLastOptions): Promise<LastMessage | undefined> {
  const { stream, subject } = options;
  return new Promise((resolve, reject) => {
    if (options.replicas === 1) {
      const request = new PendingRead(`$JS.API.DIRECT.GET.${stream}.${subject}`, options, readDirect, resolve, reject);
      requests.send(request, "", "");
    } else {
      const request = new PendingRead(`$JS.API.STREAM.MSG.GET.${stream}`, options, readFromLeader, resolve, reject);
      requests.send(request, encodeJson({ last_by_subj: subject }), "");
    }
  });
}

/** Reads the first message of a subject at `sequence` or after it, from the leader; undefined when there is none. */
export function readNext(
  requests: PendingRequests,
  options: Omit<ReadLastOptions, "replicas"> & { readonly sequence: number },
): Promise<LastMessage | undefined> {
  const { stream, subject, sequence } = options;
  return new Promise((resolve, reject) => {
    const request = new PendingRead(`$JS.API.STREAM.MSG.GET.${stream}`, options, readFromLeader, resolve, reject);
    requests.send(request, encodeJson({ seq: sequence, next_by_subj: subject }), "");
  });
}

class PendingRead extends PendingRequest {
  readonly #read: (message: Msg, headerText: string) => LastMessage | undefined;
  readonly #resolve: (found: LastMessage | undefined) => void;
  readonly #reject: (error: OrchestraError) => void;

  constructor(
    subject: string,
    options: { readonly timeoutMs: number },
    read: (message: Msg, headerText: string) => LastMessage | undefined,
    resolve: (found: LastMessage | undefined) => void,
    reject: (error: OrchestraError) => void,
  ) {
    super(subject, options.timeoutMs);
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
