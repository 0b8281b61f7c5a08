import { MAX_CONNECTIONS_PER_CALL, type ClientConnections, type Owner } from "@ai-orchestra/contracts";

/** Connections with their owners as the memory service's calls take them: by client, and not too many in one call. */
export function groupByClient(
  connections: Iterable<readonly [connectionId: string, owner: Owner]>,
): ClientConnections[][] {
  const batches: ClientConnections[][] = [];
  let batch = new Map<Owner, string[]>();
  let count = 0;
  const finish = (): void => {
    if (count > 0) batches.push([...batch].map(([owner, connectionIds]) => ({ owner, connectionIds })));
    batch = new Map();
    count = 0;
  };
  for (const [connectionId, owner] of connections) {
    const ids = batch.get(owner);
    if (ids === undefined) batch.set(owner, [connectionId]);
    else ids.push(connectionId);
    count += 1;
    if (count === MAX_CONNECTIONS_PER_CALL) finish();
  }
  finish();
  return batches;
}
