import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Extends a lease that is still this turn's under this fence, even one that ran out, as long as nobody took it. A lease
 * that Redis lost, rather than released, is taken again. A handover takes the attempt off the turn's starts, once; the
 * lease goes on, so that no other turn comes in between.
 *
 * Arguments: turnId, fence, leaseTtlMs, turnStateTtlMs, '1' for a handover. Replies 1 (held) or 0.
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
local known = redis.call('HMGET', turnState, 'starts', 'handedOver')
if ARGV[5] == '1' and tonumber(known[1] or '0') > 0 and known[2] ~= ARGV[2] then
  redis.call('HINCRBY', turnState, 'starts', -1)
  redis.call('HSET', turnState, 'handedOver', ARGV[2])
end
return 1
`,
};
