import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Extends a lease that is still this turn's under this fence, even one that ran out, as long as nobody took it. A lease
 * that Redis lost, rather than released, is taken again.
 *
 * Arguments: turnId, fence, leaseTtlMs, turnStateTtlMs. Replies 1 (held) or 0.
 */
export const renewLeaseScript: RedisScript = {
  name: "renewLease",
  keys: ["control", "turnState"],
  lua: `
${LUA_NOW}
local control, turnState = KEYS[1], KEYS[2]
local lease = redis.call('HMGET', control, 'turnId', 'fence', 'fenceCounter')
if lease[1] then
  if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
else
  local isReleased = tonumber(lease[3] or '0') > tonumber(ARGV[2]) or redis.call('HGET', turnState, 'state') == 'done'
  if isReleased then return 0 end
  redis.call('HSET', control, 'turnId', ARGV[1], 'fence', ARGV[2], 'fenceCounter', ARGV[2])
end
redis.call('HSET', control, 'expiresAt', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', control, tonumber(ARGV[4]))
return 1
`,
};
