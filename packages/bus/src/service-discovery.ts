import { Svcm } from "@nats-io/services";
import type { Bus } from "./bus.js";
import { fromNatsError } from "./errors.js";

/** An instance that the NATS service directory knows. */
export interface DiscoveredInstance {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly opsUrl: string;
  /** Subjects that it serves. */
  readonly endpoints: readonly string[];
}

/** Answers taken at most; a mesh has far fewer instances. */
const MAX_ANSWERS = 1_000;

/**
 * Asks who is there with `$SRV.PING` and gathers the answers of `waitMs`. Services that were not registered by
 * `registerService` are left out. Rejects with `unavailable` when the bus is away.
 */
export async function discoverServices(bus: Bus, options: { waitMs: number }): Promise<DiscoveredInstance[]> {
  const found: DiscoveredInstance[] = [];
  try {
    const client = new Svcm(bus.connection.nats).client({
      strategy: "timer",
      maxWait: options.waitMs,
      maxMessages: MAX_ANSWERS,
    });
    for await (const { name, version, metadata } of await client.ping()) {
      if (metadata?.["instance"] === undefined) continue;
      found.push({
        service: name,
        instance: metadata["instance"],
        version,
        opsUrl: metadata["opsUrl"] ?? "",
        endpoints: (metadata["endpoints"] ?? "").split(",").filter((subject) => subject !== ""),
      });
    }
  } catch (error) {
    throw fromNatsError(error, "service discovery");
  }
  return found;
}
