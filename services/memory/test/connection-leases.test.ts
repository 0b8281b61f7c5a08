import {
  memoryConnectionsAcquire,
  memoryConnectionsRelease,
  memoryConnectionsRenew,
  MAX_CONNECTIONS_PER_CALL,
} from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MemoryHarness, randomOwner, startMemoryHarness } from "./memory-harness.js";

const LEASE_TTL_MS = 600;

describe("the places of a client's connections", () => {
  let harness: MemoryHarness;
  const acquire = (owner: string, connectionId: string, o: { limit?: number; replaces?: string } = {}) =>
    harness.bus.call(memoryConnectionsAcquire, { owner, connectionId, limit: 2, ...o });
  const renew = (owner: string, ...connectionIds: string[]) =>
    harness.bus.call(memoryConnectionsRenew, { clients: [{ owner, connectionIds }] });
  const release = (owner: string, ...connectionIds: string[]) =>
    harness.bus.call(memoryConnectionsRelease, { clients: [{ owner, connectionIds }] });

  beforeAll(async () => {
    harness = await startMemoryHarness();
    await harness.startInstance({ CONNECTION_LEASE_TTL_MS: String(LEASE_TTL_MS) });
    await harness.startInstance({ CONNECTION_LEASE_TTL_MS: String(LEASE_TTL_MS) });
  });
  afterAll(() => harness.stop());

  it("are as many as the limit says, with a hint when one may be free", async () => {
    const owner = randomOwner();
    expect(await acquire(owner, "c1")).toEqual({ status: "granted", leaseTtlMs: LEASE_TTL_MS });
    expect(await acquire(owner, "c2")).toMatchObject({ status: "granted" });
    const refused = await acquire(owner, "c3");
    expect(refused).toMatchObject({ status: "refused" });
    if (refused.status === "refused") {
      expect(refused.retryAfterMs).toBeGreaterThan(0);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(LEASE_TTL_MS);
    }
    expect(await acquire(randomOwner(), "c1")).toMatchObject({ status: "granted" });
  });

  it("are never more, however many ask at once", async () => {
    const owner = randomOwner();
    const replies = await Promise.all(Array.from({ length: 40 }, (_, index) => acquire(owner, `c${index}`)));
    expect(replies.filter(({ status }) => status === "granted")).toHaveLength(2);
  });

  it("are granted again to who asks twice", async () => {
    const owner = randomOwner();
    await acquire(owner, "c1", { limit: 1 });
    expect(await acquire(owner, "c1", { limit: 1 })).toMatchObject({ status: "granted" });
  });

  it("are free at once when they are released, and after their time when nobody renews them", async () => {
    const owner = randomOwner();
    await acquire(owner, "c1", { limit: 1 });
    await release(owner, "c1");
    expect(await acquire(owner, "c2", { limit: 1 })).toMatchObject({ status: "granted" });
    await eventually(async () => expect(await acquire(owner, "c3", { limit: 1 })).toMatchObject({ status: "granted" }));
  });

  it("last for as long as they are renewed", async () => {
    const owner = randomOwner();
    await acquire(owner, "c1", { limit: 1 });
    const endAt = Date.now() + 2 * LEASE_TTL_MS;
    while (Date.now() < endAt) {
      await renew(owner, "c1");
      expect(await acquire(owner, "c2", { limit: 1 })).toMatchObject({ status: "refused" });
    }
  });

  it("pass on to the connection that follows, and the one before is told when it is renewed", async () => {
    const owner = randomOwner();
    await acquire(owner, "old", { limit: 1 });
    expect(await acquire(owner, "new", { limit: 1, replaces: "old" })).toMatchObject({ status: "granted" });
    expect(await renew(owner, "old", "new")).toEqual({ replaced: ["old"], leaseTtlMs: LEASE_TTL_MS });
    expect(await acquire(owner, "other", { limit: 1 })).toMatchObject({ status: "refused" });
  });

  it("do not pass on twice, nor from a connection that is not the client's", async () => {
    const [owner, stranger] = [randomOwner(), randomOwner()];
    await acquire(stranger, "theirs");
    await acquire(owner, "old", { limit: 1 });
    await acquire(owner, "new", { limit: 1, replaces: "old" });
    for (const replaces of ["old", "theirs", "nobody"]) {
      expect(await acquire(owner, `after-${replaces}`, { limit: 1, replaces })).toMatchObject({ status: "refused" });
    }
    expect(await renew(stranger, "theirs")).toMatchObject({ replaced: [] });
  });

  it("are given to open connections that have none, whatever the limit, and count then", async () => {
    const owner = randomOwner();
    expect(await renew(owner, "c1", "c2", "c3")).toMatchObject({ replaced: [] });
    expect(await acquire(owner, "c4", { limit: 3 })).toMatchObject({ status: "refused" });
  });

  it("are renewed for many clients in one call, and not for more than it may name", async () => {
    const clients = Array.from({ length: MAX_CONNECTIONS_PER_CALL }, (_, index) => ({
      owner: randomOwner(),
      connectionIds: [`c${index}`],
    }));
    const [first] = clients;
    if (first === undefined) throw new Error("no client");
    expect(await harness.bus.call(memoryConnectionsRenew, { clients })).toMatchObject({ replaced: [] });
    expect(await acquire(first.owner, "another", { limit: 1 })).toMatchObject({ status: "refused" });
    await expect(harness.bus.call(memoryConnectionsRenew, { clients: [...clients, ...clients] })).rejects.toMatchObject(
      { code: "invalid_request" },
    );
  });
});
