import type { Call, CallOptions } from "./call.js";

/**
 * A call as policies see it: they hear of an abort without making anybody create an `AbortSignal`. Scopes nest, one for
 * each layer that may abort or repeat what is within it.
 */
export abstract class CallScope implements Call {
  abstract readonly signal: AbortSignal;
  abstract readonly attempt: number;
  /** Whether it can be aborted at all; what nothing aborts needs no listener. */
  abstract readonly abortable: boolean;
  abstract readonly aborted: boolean;
  /** Why it was aborted. */
  abstract readonly reason: unknown;
  abstract commit(): void;
  /** Calls `listener` once when the call aborts, unless it is removed before. Not for a call that is aborted already. */
  abstract addAbortListener(listener: () => void): void;
  abstract removeAbortListener(listener: () => void): void;

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }
}

/** The outermost scope: the caller's signal, or a call that nothing aborts. */
class RootCall extends CallScope {
  readonly attempt = 1;
  private readonly callerSignal: AbortSignal | undefined;
  private ownSignal: AbortSignal | undefined;

  constructor(callerSignal: AbortSignal | undefined) {
    super();
    this.callerSignal = callerSignal;
  }

  /** Without a caller's signal one of its own, never one that several calls share. */
  get signal(): AbortSignal {
    if (this.callerSignal !== undefined) return this.callerSignal;
    this.ownSignal ??= new AbortController().signal;
    return this.ownSignal;
  }

  get abortable(): boolean {
    return this.callerSignal !== undefined;
  }

  get aborted(): boolean {
    return this.callerSignal !== undefined && this.callerSignal.aborted;
  }

  get reason(): unknown {
    return this.callerSignal?.reason;
  }

  commit(): void {}

  addAbortListener(listener: () => void): void {
    this.callerSignal?.addEventListener("abort", listener);
  }

  removeAbortListener(listener: () => void): void {
    this.callerSignal?.removeEventListener("abort", listener);
  }
}

/** A scope that its layer can abort. The layer also passes on the abort of the scope around it. */
export class AbortableCall extends CallScope {
  protected readonly parent: CallScope;
  private readonly onCommit: (() => void) | undefined;
  private controller: AbortController | undefined;
  private listeners: (() => void)[] | undefined;
  private abortion: { reason: unknown } | undefined;

  constructor(parent: CallScope, onCommit?: () => void) {
    super();
    this.parent = parent;
    this.onCommit = onCommit;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.abortion !== undefined) this.controller.abort(this.abortion.reason);
    }
    return this.controller.signal;
  }

  get attempt(): number {
    return this.parent.attempt;
  }

  get abortable(): boolean {
    return true;
  }

  get aborted(): boolean {
    return this.abortion !== undefined;
  }

  get reason(): unknown {
    return this.abortion?.reason;
  }

  abort(reason: unknown): void {
    if (this.abortion !== undefined) return;
    this.abortion = { reason };
    this.controller?.abort(reason);
    const { listeners } = this;
    this.listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  commit(): void {
    this.onCommit?.();
    this.parent.commit();
  }

  addAbortListener(listener: () => void): void {
    this.listeners ??= [];
    this.listeners.push(listener);
  }

  removeAbortListener(listener: () => void): void {
    const { listeners } = this;
    if (listeners === undefined) return;
    const index = listeners.indexOf(listener);
    if (index >= 0) listeners.splice(index, 1);
  }
}

/** One try of a call that may be repeated; it is aborted when the call is. */
export class AttemptCall extends CallScope {
  readonly attempt: number;
  committed = false;
  private readonly parent: CallScope;

  constructor(parent: CallScope, attempt: number) {
    super();
    this.parent = parent;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return this.parent.signal;
  }

  get abortable(): boolean {
    return this.parent.abortable;
  }

  get aborted(): boolean {
    return this.parent.aborted;
  }

  get reason(): unknown {
    return this.parent.reason;
  }

  commit(): void {
    this.committed = true;
    this.parent.commit();
  }

  addAbortListener(listener: () => void): void {
    this.parent.addAbortListener(listener);
  }

  removeAbortListener(listener: () => void): void {
    this.parent.removeAbortListener(listener);
  }
}

/** The scope of a layer further out where there is one, else a new outermost scope. */
export function scopeOf(options: CallOptions | undefined): CallScope {
  return options instanceof CallScope ? options : new RootCall(options?.signal);
}
