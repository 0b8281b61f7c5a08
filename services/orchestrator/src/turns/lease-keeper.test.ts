import { OrchestraError } from "@ai-orchestra/contracts";
import { createManualClock } from "@ai-orchestra/service-kit";
import { createLogger } from "@ai-orchestra/telemetry";
import { describe, expect, it } from "vitest";
import { LeaseKeeper } from "./lease-keeper.js";
import { TurnStop } from "./turn-stop.js";

const turn = { owner: "0123456789abcdef", sessionId: "s1", turnId: "t1" };

function createKeeper(renew: () => Promise<{ held: boolean }>) {
  const clock = createManualClock();
  const turnStop = new TurnStop();
  const counts = { working: 0, renewals: 0 };
  const call = () => {
    counts.renewals += 1;
    return renew();
  };
  const leaseKeeper = new LeaseKeeper({
    bus: { call: call as never },
    clock,
    logger: createLogger({ service: "test", instance: "test-1", level: "silent" }),
    job: { working: () => (counts.working += 1) },
    turn,
    turnStop,
    renewEveryMs: 1_500,
    staleAfterMs: 4_000,
  });
  return { clock, counts, leaseKeeper, turnStop };
}

describe("LeaseKeeper", () => {
  it("renews the queue's claim and the lease together", async () => {
    const { clock, counts, leaseKeeper, turnStop } = createKeeper(async () => ({ held: true }));
    leaseKeeper.start();
    leaseKeeper.adopt(7, clock.monotonicMs());
    await clock.advanceAsync(4_600);
    expect(counts).toEqual({ working: 3, renewals: 3 });
    expect(turnStop.reason).toBeUndefined();
  });

  it("stops the attempt whose lease another one holds", async () => {
    const { clock, leaseKeeper, turnStop } = createKeeper(async () => ({ held: false }));
    leaseKeeper.start();
    leaseKeeper.adopt(7, clock.monotonicMs());
    await clock.advanceAsync(1_500);
    expect(turnStop.reason).toBe("superseded");
    expect(await leaseKeeper.confirm()).toBe(false);
  });

  it("goes on while memory cannot be asked", async () => {
    const { clock, counts, leaseKeeper, turnStop } = createKeeper(() =>
      Promise.reject(new OrchestraError("unavailable", "nobody answers")),
    );
    leaseKeeper.start();
    leaseKeeper.adopt(7, clock.monotonicMs());
    await clock.advanceAsync(3_000);
    expect(counts.working).toBe(2);
    expect(turnStop.reason).toBeUndefined();
    expect(await leaseKeeper.confirm()).toBe(true);
  });

  it("says once that the turn is handed over, and renews no more", async () => {
    const { clock, counts, leaseKeeper } = createKeeper(async () => ({ held: true }));
    leaseKeeper.start();
    leaseKeeper.adopt(7, clock.monotonicMs());
    await leaseKeeper.handOver();
    await clock.advanceAsync(5_000);
    expect(counts).toEqual({ working: 0, renewals: 1 });
  });

  it("asks again before a result is written by a process that slept", async () => {
    const { clock, counts, leaseKeeper } = createKeeper(async () => ({ held: false }));
    leaseKeeper.start();
    leaseKeeper.adopt(7, clock.monotonicMs() - 8_000);
    expect(await leaseKeeper.confirm()).toBe(false);
    expect(counts.renewals).toBe(1);
  });

  it("keeps only the queue's claim for a turn without a lease, and nothing once released", async () => {
    const { clock, counts, leaseKeeper } = createKeeper(async () => ({ held: true }));
    leaseKeeper.start();
    await clock.advanceAsync(1_500);
    expect(counts).toEqual({ working: 1, renewals: 0 });
    leaseKeeper.release();
    expect(clock.pendingTimers).toBe(0);
  });
});
