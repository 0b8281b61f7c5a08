/** The hash tag keeps one owner's keys on one node, as it does for sessions. */
const ownerPrefix = (owner: string): string => `o:{${owner}}:`;

/** Keys of a client's connections. */
export interface ConnectionKeys {
  /** Sorted set of connection ids, scored by when their lease ends. */
  readonly held: string;
  /** Sorted set of connection ids whose lease passed on to another, scored by when that is forgotten. */
  readonly replaced: string;
}

export function connectionKeys(owner: string): ConnectionKeys {
  const held = `${ownerPrefix(owner)}connections`;
  return { held, replaced: `${held}:replaced` };
}
