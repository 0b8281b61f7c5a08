const FIRST_UNIQUE = 2 ** 32;

/**
 * Numbers of reply inboxes. A reusable one is taken again after it was given back, and never when its request failed,
 * since the answer may still come. Unique ones are counted on.
 */
export class InboxNumbers {
  readonly #free: number[] = [];
  #lastReusable = 0;
  #lastUnique = FIRST_UNIQUE;

  takeUnique(): number {
    this.#lastUnique += 1;
    return this.#lastUnique;
  }

  takeReusable(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#lastReusable += 1;
    return this.#lastReusable;
  }

  giveBack(inbox: number): void {
    if (inbox < FIRST_UNIQUE) this.#free.push(inbox);
  }
}
