import type { Bus, StoredMessage, SubmitOptions, WorkQueue } from "@ai-orchestra/bus";
import { OrchestraError, type Priority, type TurnRequest } from "@ai-orchestra/contracts";
import { CircuitProber, createCircuitBreaker, createRetryBudget, policy, type Policy } from "@ai-orchestra/resilience";
import { toOrchestraError, type BreakerReporter, type Clock, type Component } from "@ai-orchestra/service-kit";

export interface TurnDispatchOptions {
  queue: Pick<WorkQueue<TurnRequest>, "submit" | "pending">;
  bus: Pick<Bus, "status">;
  clock: Clock;
  breakers: BreakerReporter;
}

const FAILURES = 3;
const OPEN_FOR_MS = 30_000;
const PROBE_EVERY_MS = 500;
const MAX_PROBE_EVERY_MS = 4_000;
const RETRY = { attempts: 3, baseDelayMs: 25, maxDelayMs: 200 };

/**
 * Puts turns into the queue through a policy: a retry within a budget where the queue was not there, which is safe since
 * it knows a turn's id, and a breaker that refuses at once after three failures and closes as soon as the queue answers.
 */
export class TurnDispatch implements Component {
  readonly name = "turn-dispatch";
  readonly #queue: TurnDispatchOptions["queue"];
  readonly #policy: Policy;
  readonly #prober: CircuitProber;

  constructor({ queue, bus, clock, breakers }: TurnDispatchOptions) {
    this.#queue = queue;
    const breaker = createCircuitBreaker({
      name: "dispatch",
      clock,
      trigger: { kind: "consecutive", failures: FAILURES },
      openForMs: OPEN_FOR_MS,
      isFailure: (error) => isQueueFailure(error, bus),
    });
    this.#policy = policy({
      name: "dispatch",
      clock,
      retry: {
        ...RETRY,
        random: Math.random,
        budget: createRetryBudget({ clock }),
        shouldRetry: (error) =>
          bus.status === "connected" && error instanceof OrchestraError && error.code === "unavailable",
      },
      breaker,
    });
    this.#prober = new CircuitProber({
      breaker,
      clock,
      intervalMs: PROBE_EVERY_MS,
      maxIntervalMs: MAX_PROBE_EVERY_MS,
      probe: () => queue.pending(),
    });
    breakers.watch(breaker);
  }

  start(): void {
    this.#prober.start();
  }

  stop(): Promise<void> {
    return this.#prober.stop();
  }

  /** See `WorkQueue.submit`; rejects at once with `unavailable` while the circuit is open. */
  async submit(lane: Priority, request: TurnRequest, options: SubmitOptions): Promise<StoredMessage> {
    try {
      return await this.#policy.execute(() => this.#queue.submit(lane, request, options));
    } catch (error) {
      throw toOrchestraError(error);
    }
  }
}

/** A full queue answered. Without the bus every submission fails at once, which needs no breaker. */
function isQueueFailure(error: unknown, bus: Pick<Bus, "status">): boolean | undefined {
  if (bus.status !== "connected" || !(error instanceof OrchestraError)) return undefined;
  if (error.code === "overloaded") return undefined;
  return error.code === "unavailable" || error.code === "timeout";
}
