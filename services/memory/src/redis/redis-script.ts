/** A Lua script that Redis runs as one step. Every key it touches carries the hash tag of one owner. */
export interface RedisScript {
  /** Camel case; unique among the scripts. */
  readonly name: string;
  /** What `KEYS[1]`, `KEYS[2]`, ... are. */
  readonly keys: readonly string[];
  readonly lua: string;
}

/** Lua: `now` is the time of the Redis server in epoch milliseconds, so that all instances share one clock. */
export const LUA_NOW = `
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
`;
