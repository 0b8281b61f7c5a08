import type { Clock } from "../clock.js";
import type { CallOptions, Operation } from "../call/call.js";
import { ResilienceError } from "../resilience-error.js";
import { runWithTimeout } from "./run-with-timeout.js";

/**
 * The point in time after which nobody waits for an answer. It is kept on the monotonic clock and crosses processes as
 * the milliseconds that remain, as gRPC does (https://grpc.io/docs/guides/deadlines/), so that clocks need not agree.
 */
export interface Deadline {
  /** Milliseconds that are left, never below 0. */
  remainingMs(): number;
  readonly expired: boolean;
  /** The earlier of this deadline and `timeoutMs` from now. */
  within(timeoutMs: number): Deadline;
  /** The value of a header that carries the deadline: whole milliseconds that are left, as text. */
  toHeader(): string;
}

/** A deadline `timeoutMs` from now. */
export function createDeadline(timeoutMs: number, clock: Clock): Deadline {
  return new ClockDeadline(clock.monotonicMs() + timeoutMs, clock);
}

/**
 * The deadline that a caller sent, at most `maxTimeoutMs` away. A header that is missing or no whole number of
 * milliseconds counts as `maxTimeoutMs`: a bad header must not make a wait unbounded.
 */
export function readDeadline(header: string | undefined, maxTimeoutMs: number, clock: Clock): Deadline {
  const sentMs = header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : maxTimeoutMs;
  return createDeadline(Math.min(sentMs, maxTimeoutMs), clock);
}

export interface DeadlineOptions {
  clock: Clock;
  deadline: Deadline;
  /** Names the policy in the error. */
  name: string;
}

/** Runs `operation` until `deadline` at most, as `runWithTimeout` does; its error has the code `deadline_exceeded`. */
export function runWithDeadline<T>(
  operation: Operation<T>,
  options: DeadlineOptions,
  callOptions?: CallOptions,
): Promise<T> {
  const { clock, deadline, name } = options;
  const createError = (): Error => new ResilienceError("deadline_exceeded", name, `${name} ran past its deadline`);
  if (deadline.expired) return Promise.reject(createError());
  return runWithTimeout(operation, { clock, name, timeoutMs: deadline.remainingMs(), createError }, callOptions);
}

class ClockDeadline implements Deadline {
  private readonly atMs: number;
  private readonly clock: Clock;

  constructor(atMs: number, clock: Clock) {
    this.atMs = atMs;
    this.clock = clock;
  }

  get expired(): boolean {
    return this.remainingMs() === 0;
  }

  remainingMs(): number {
    return Math.max(0, this.atMs - this.clock.monotonicMs());
  }

  within(timeoutMs: number): Deadline {
    return new ClockDeadline(Math.min(this.atMs, this.clock.monotonicMs() + timeoutMs), this.clock);
  }

  toHeader(): string {
    return String(Math.floor(this.remainingMs()));
  }
}
