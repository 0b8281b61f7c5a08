import { scopeOf, type CallScope } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import type { Clock } from "../clock.js";
import { requireAtLeast, requireCount } from "../require-option.js";
import { isTimeLimit, ResilienceError } from "../resilience-error.js";
import { createFixedLimit, type ConcurrencyLimit } from "./concurrency-limit.js";

export interface BulkheadOptions {
  name: string;
  clock: Clock;
  /** Calls that may run at once: a number, or a limit that learns. */
  maxConcurrent: number | ConcurrencyLimit;
  /** Calls that may wait for a place. Default 0: a full bulkhead refuses at once. */
  maxQueued?: number | undefined;
  /** How long one may wait. Default 1000 ms. */
  queueTimeoutMs?: number | undefined;
  /** Whether an error shows that the dependency is overloaded. Default: time limits and errors with `retryAfterMs`. */
  isOverload?: ((error: unknown) => boolean) | undefined;
}

/** What a call under a bulkhead says about its dependency's capacity. */
export type SlotOutcome = "success" | "overloaded" | "ignored";

/** A place under a bulkhead. Release it exactly once; further releases do nothing. */
export interface BulkheadSlot {
  release(outcome?: SlotOutcome): void;
}

interface Waiter {
  admit(): void;
}

/**
 * Bounds how many calls run at once, so that one slow dependency cannot take every socket and all memory. Who waits is
 * served in order, and is refused with `queue_full` or `queue_timeout` instead of waiting without bound.
 */
export class Bulkhead {
  readonly name: string;
  private readonly clock: Clock;
  private readonly limit: ConcurrencyLimit;
  /** Whether a call's duration matters here: the clock is read only where it is needed. */
  readonly timesCalls: boolean;
  private readonly maxQueued: number;
  private readonly queueTimeoutMs: number;
  private readonly isOverload: (error: unknown) => boolean;
  private readonly waiters = new Set<Waiter>();
  private runningCalls = 0;

  constructor(options: BulkheadOptions) {
    const { maxConcurrent } = options;
    this.name = options.name;
    this.clock = options.clock;
    this.timesCalls = typeof maxConcurrent !== "number";
    this.limit =
      typeof maxConcurrent === "number"
        ? createFixedLimit(requireCount("maxConcurrent", maxConcurrent))
        : maxConcurrent;
    this.maxQueued = requireAtLeast("maxQueued", options.maxQueued ?? 0);
    this.queueTimeoutMs = requireAtLeast("queueTimeoutMs", options.queueTimeoutMs ?? 1000);
    this.isOverload = options.isOverload ?? showsOverload;
  }

  get running(): number {
    return this.runningCalls;
  }

  get queued(): number {
    return this.waiters.size;
  }

  get maxConcurrent(): number {
    return this.limit.current;
  }

  /** Running and waiting calls as a share of the places: above 1 when calls wait. Feeds a load shedder. */
  get utilisation(): number {
    return (this.runningCalls + this.waiters.size) / this.limit.current;
  }

  /** Runs `operation` once there is a place for it. */
  async execute<T>(operation: Operation<T>, options?: CallOptions): Promise<T> {
    const call = scopeOf(options);
    call.throwIfAborted();
    if (!this.tryEnter()) await this.enqueue(call);
    const inFlight = this.runningCalls;
    const startedAtMs = this.timesCalls ? this.clock.monotonicMs() : 0;
    let value: T;
    try {
      value = await operation(call);
    } catch (error) {
      this.leaveFailed(error, startedAtMs, inFlight);
      throw error;
    }
    this.leave(startedAtMs, inFlight);
    return value;
  }

  /** For `runGuarded`: takes a place if one is free and nobody waits for it. */
  tryEnter(): boolean {
    if (this.runningCalls >= this.limit.current || this.waiters.size > 0) return false;
    this.runningCalls += 1;
    return true;
  }

  /** For `runGuarded`: gives the place of a call that succeeded back. */
  leave(startedAtMs: number, inFlight: number): void {
    this.release("success", startedAtMs, inFlight);
  }

  /** For `runGuarded`: gives the place of a call that failed back. */
  leaveFailed(error: unknown, startedAtMs: number, inFlight: number): void {
    this.release(this.isOverload(error) ? "overloaded" : "ignored", startedAtMs, inFlight);
  }

  /** Waits for a place for a call that ends later, such as a stream. */
  async acquire(options?: CallOptions): Promise<BulkheadSlot> {
    const call = scopeOf(options);
    call.throwIfAborted();
    if (!this.tryEnter()) await this.enqueue(call);
    const inFlight = this.runningCalls;
    const startedAtMs = this.clock.monotonicMs();
    let released = false;
    return {
      release: (outcome = "success") => {
        if (released) return;
        released = true;
        this.release(outcome, startedAtMs, inFlight);
      },
    };
  }

  private release(outcome: SlotOutcome, startedAtMs: number, inFlight: number): void {
    this.runningCalls -= 1;
    if (this.timesCalls && outcome !== "ignored") {
      const durationMs = this.clock.monotonicMs() - startedAtMs;
      this.limit.record({ durationMs, inFlight, overloaded: outcome === "overloaded" });
    }
    if (this.waiters.size > 0) this.admitWaiters();
  }

  /** A waiter holds its place from here on, not from when its promise callback runs: nobody can overtake it. */
  private admitWaiters(): void {
    for (const waiter of this.waiters) {
      if (this.runningCalls >= this.limit.current) return;
      this.runningCalls += 1;
      waiter.admit();
    }
  }

  private enqueue(call: CallScope): Promise<void> {
    if (this.waiters.size >= this.maxQueued) {
      return Promise.reject(new ResilienceError("queue_full", this.name, `${this.name} is full`));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiters.delete(waiter);
        this.clock.clearTimeout(timer);
        call.removeAbortListener(cancel);
      };
      const waiter: Waiter = {
        admit: () => {
          leave();
          resolve();
        },
      };
      const refuse = (cause?: unknown): void => {
        leave();
        reject(new ResilienceError("queue_timeout", this.name, `no place in ${this.name} in time`, { cause }));
      };
      const cancel = (): void => {
        if (isTimeLimit(call.reason)) {
          refuse(call.reason);
          return;
        }
        leave();
        reject(call.reason);
      };
      const timer = this.clock.setTimeout(refuse, this.queueTimeoutMs);
      call.addAbortListener(cancel);
      this.waiters.add(waiter);
    });
  }
}

export function createBulkhead(options: BulkheadOptions): Bulkhead {
  return new Bulkhead(options);
}

function showsOverload(error: unknown): boolean {
  if (isTimeLimit(error)) return true;
  return typeof error === "object" && error !== null && "retryAfterMs" in error && error.retryAfterMs !== undefined;
}
