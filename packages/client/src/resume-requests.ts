/** The same place is asked for again only after this long, in milliseconds. */
const ASK_AGAIN_MS = 2_000;

/** Remembers from where a turn was last asked to go on, so that a burst of frames after a gap asks once. */
export class ResumeRequests {
  #last: { at: number; attempt: number; position: number } | undefined;

  /** Whether to ask now; if so, it is remembered as asked. */
  take(attempt: number, position: number, now: number = Date.now()): boolean {
    const last = this.#last;
    if (last?.attempt === attempt && last.position === position && now - last.at < ASK_AGAIN_MS) return false;
    this.#last = { at: now, attempt, position };
    return true;
  }

  /** Whether anything was asked for since the last `forget`. */
  get wereMade(): boolean {
    return this.#last !== undefined;
  }

  /** What was asked for was refused, or asked of a connection that is gone. */
  forget(): void {
    this.#last = undefined;
  }
}
