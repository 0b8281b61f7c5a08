import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Extends the leases of one client's connections, and gives one to those that have none, but for connections whose
 * lease passed on. These stay known as such for as long as they are named here.
 *
 * Arguments: leaseTtlMs, connectionId... Replies the ids of the replaced connections.
 */
export const renewConnectionsScript: RedisScript = {
  name: "renewConnections",
  keys: ["held", "replaced"],
  lua: `
${LUA_NOW}
local held, replaced, leaseTtlMs = KEYS[1], KEYS[2], tonumber(ARGV[1])
local refused = {}
for index = 2, #ARGV do
  local id = ARGV[index]
  if redis.call('ZSCORE', replaced, id) then
    table.insert(refused, id)
    redis.call('ZADD', replaced, now + leaseTtlMs, id)
  else
    redis.call('ZADD', held, now + leaseTtlMs, id)
  end
end
redis.call('PEXPIRE', held, leaseTtlMs)
redis.call('PEXPIRE', replaced, leaseTtlMs)
return refused
`,
};
