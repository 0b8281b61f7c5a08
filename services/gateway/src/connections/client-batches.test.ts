import { MAX_CONNECTIONS_PER_CALL } from "@ai-orchestra/contracts";
import { expect, test } from "vitest";
import { groupByClient } from "./client-batches.js";

test("connections are grouped by client", () => {
  const connections = [
    ["c1", "owner-a"],
    ["c2", "owner-b"],
    ["c3", "owner-a"],
  ] as const;
  expect(groupByClient(connections)).toEqual([
    [
      { owner: "owner-a", connectionIds: ["c1", "c3"] },
      { owner: "owner-b", connectionIds: ["c2"] },
    ],
  ]);
  expect(groupByClient([])).toEqual([]);
});

test("no call names more connections than it may, and none is left out", () => {
  const connections = Array.from(
    { length: 2 * MAX_CONNECTIONS_PER_CALL + 1 },
    (_, index) => [`c${index}`, `owner-${index % 7}`] as const,
  );
  const batches = groupByClient(connections);
  const sizes = batches.map((clients) => clients.flatMap(({ connectionIds }) => connectionIds).length);
  expect(sizes).toEqual([MAX_CONNECTIONS_PER_CALL, MAX_CONNECTIONS_PER_CALL, 1]);
});
