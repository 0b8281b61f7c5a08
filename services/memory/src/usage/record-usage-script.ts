import type { RedisScript } from "../redis/redis-script.js";

/**
 * Adds one gateway's counts to a day's, once for each batch.
 *
 * Arguments: ttlMs, at in epoch ms, then for each protocol its name, requests, number of clients, and the clients. Of a
 * protocol the clients' key is `KEYS[2] .. ':' .. name`. Replies `counted` or `duplicate`.
 */
export const recordUsageScript: RedisScript = {
  name: "recordUsage",
  keys: ["batch", "day"],
  lua: `
local batch, day, ttlMs, at = KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2]
if not redis.call('SET', batch, '1', 'NX', 'PX', 3600000) then return 'duplicate' end

local index = 3
while index <= #ARGV do
  local protocol, requests, clients = ARGV[index], tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2])
  index = index + 3
  redis.call('HINCRBY', day, protocol, requests)
  redis.call('HSET', day, protocol .. ':last', at)
  local seen = day .. ':' .. protocol
  for offset = 0, clients - 1 do redis.call('PFADD', seen, ARGV[index + offset]) end
  index = index + clients
  redis.call('PEXPIRE', seen, ttlMs)
end
redis.call('PEXPIRE', day, ttlMs)
return 'counted'
`,
};
