import { connect } from "node:net";
import * as fc from "fast-check";
import type { FuzzTally } from "./fuzz-tally.js";
import { requestArbitrary, type FuzzRequest } from "./request-arbitrary.js";

const ANSWER_TIMEOUT_MS = 10_000;
/** Answers that have a head alone. */
const BODILESS = new Set([204, 304]);
const BATCH = 200;

/** Sends `cases` requests, each over a connection of its own, and holds every answer against the protocol. */
export async function fuzzRequests(o: { url: string; cases: number; seed: number; tally: FuzzTally }): Promise<void> {
  for (let sent = 0; sent < o.cases; sent += BATCH) {
    const numRuns = Math.min(BATCH, o.cases - sent);
    for (const request of fc.sample(requestArbitrary, { numRuns, seed: o.seed + sent })) {
      await offer(o.url, request, o.tally);
      o.tally.cases += 1;
    }
  }
}

async function offer(url: string, request: FuzzRequest, tally: FuzzTally): Promise<void> {
  const answer = await exchange(url, request);
  if (answer === "nothing") return tally.violated("neither answered nor closed", request.bytes);
  if (answer === "closed") {
    if (request.isComplete) return tally.violated("closed without an answer", request.bytes);
    return tally.answered("http: closed");
  }
  if (answer.status >= 500 && answer.body.includes('"internal"')) tally.violated("an internal error", request.bytes);
  else if (answer.status >= 400 && answer.isJson && !namesError(answer.body)) {
    tally.violated(`${answer.status} without an error (${answer.body.slice(0, 200)})`, request.bytes);
  } else tally.answered(`http: ${answer.status}`);
}

interface FuzzAnswer {
  readonly status: number;
  readonly isJson: boolean;
  readonly body: string;
}

/** Resolves with the first answer, `closed` when the connection ended without one, `nothing` when neither came. */
function exchange(url: string, request: FuzzRequest): Promise<FuzzAnswer | "closed" | "nothing"> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const isHead = request.bytes.subarray(0, 5).toString("latin1") === "HEAD ";
    let received = "";
    const finish = (outcome: FuzzAnswer | "closed" | "nothing"): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish("nothing"), ANSWER_TIMEOUT_MS);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
      const answer = readAnswer(received, isHead);
      if (answer !== undefined) finish(answer);
    });
    socket.once("error", () => finish(readAnswer(received, true) ?? "closed"));
    socket.once("close", () => finish(readAnswer(received, true) ?? "closed"));
    if (request.isComplete) socket.write(request.bytes);
    else socket.end(request.bytes);
  });
}

/** `100 Continue`, which comes before the answer itself. */
const INTERIM = /^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/;

/** Undefined while more is to come. An event stream counts as answered with its head. */
function readAnswer(text: string, endsWithHead: boolean): FuzzAnswer | undefined {
  const received = text.replace(INTERIM, "");
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1];
  const headEnd = received.indexOf("\r\n\r\n");
  if (status === undefined || headEnd < 0) return undefined;
  const head = received.slice(0, headEnd).toLowerCase();
  const body = received.slice(headEnd + 4);
  const length = /content-length: (\d+)/.exec(head)?.[1];
  const isWhole =
    endsWithHead || BODILESS.has(Number(status)) || (length !== undefined && Buffer.byteLength(body) >= Number(length));
  if (!isWhole && !head.includes("text/event-stream")) return undefined;
  // What follows answers what the bytes went on to say: a second request.
  const first = length === undefined ? body : Buffer.from(body).subarray(0, Number(length)).toString();
  return { status: Number(status), isJson: head.includes("application/json") && first !== "", body: first };
}

/** `error` is the protocol's and OpenAI's, `errorCode` that of OFREP. */
function namesError(body: string): boolean {
  try {
    const value = JSON.parse(body) as { error?: unknown; errorCode?: unknown } | null;
    return value !== null && typeof value === "object" && (value.error ?? value.errorCode ?? undefined) !== undefined;
  } catch {
    return false;
  }
}
