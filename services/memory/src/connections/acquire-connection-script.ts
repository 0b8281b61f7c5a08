import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Takes a place for a connection while its client has fewer than the limit, or the place of the connection it replaces.
 *
 * Arguments: connectionId, id of the connection that it replaces or '', limit, leaseTtlMs. Replies `['granted']`,
 * `['taken_over']`, or `['refused', ms until the next lease ends unless it is renewed]`.
 */
export const acquireConnectionScript: RedisScript = {
  name: "acquireConnection",
  keys: ["held", "replaced"],
  lua: `
${LUA_NOW}
local held, replaced = KEYS[1], KEYS[2]
local id, replaces, limit, leaseTtlMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

redis.call('ZREMRANGEBYSCORE', held, '-inf', now)
redis.call('ZREMRANGEBYSCORE', replaced, '-inf', now)

local outcome = 'granted'
if replaces ~= '' and replaces ~= id and redis.call('ZREM', held, replaces) == 1 then
  outcome = 'taken_over'
  redis.call('ZADD', replaced, now + leaseTtlMs, replaces)
  redis.call('PEXPIRE', replaced, leaseTtlMs)
elseif not redis.call('ZSCORE', held, id) and redis.call('ZCARD', held) >= limit then
  local first = redis.call('ZRANGE', held, 0, 0, 'WITHSCORES')
  return {'refused', tonumber(first[2]) - now}
end
redis.call('ZADD', held, now + leaseTtlMs, id)
redis.call('PEXPIRE', held, leaseTtlMs)
return {outcome}
`,
};
