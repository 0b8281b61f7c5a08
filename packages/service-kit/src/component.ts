import type { BreakerState } from "@ai-orchestra/contracts";

/** A part of a service with a life of its own: a server, a consumer, a connection. */
export interface Component {
  readonly name: string;
  start?(): Promise<void> | void;
  /** Called once, also when `start` failed half-way. What is not done at `deadlineAt` (epoch ms) is left behind. */
  stop?(o: { deadlineAt: number }): Promise<void> | void;
  /** How something outside the process looks from here. It is asked every second: it looks at what is known, it does not ask. */
  dependency?(): "up" | "down";
  /** As `dependency`, for a component that stands for several things; by name. None of them is required. */
  dependencies?(): Readonly<Record<string, "up" | "down">>;
  /** Circuit breakers that are not closed, by name; told in every heartbeat. */
  breakers?(): Readonly<Record<string, BreakerState>>;
  /** Whether the instance is unready while the dependency is down; otherwise it is merely degraded. */
  readonly required?: boolean;
  /** Bus subjects that it serves, for the NATS service directory. */
  readonly endpoints?: readonly string[];
}
