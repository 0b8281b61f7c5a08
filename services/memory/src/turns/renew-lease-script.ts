import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Extends a lease that is still this turn's under this fence, even one that ran out, as long as nobody took it.
 *
 * Arguments: turnId, fence, leaseTtlMs, turnStateTtlMs. Replies 1 (held) or 0.
 */
export const renewLeaseScript: RedisScript = {
  name: "renewLease",
  keys: ["control"],
  lua: `
${LUA_NOW}
local control = KEYS[1]
local lease = redis.call('HMGET', control, 'turnId', 'fence')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
redis.call('HSET', control, 'expiresAt', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', control, tonumber(ARGV[4]))
return 1
`,
};
