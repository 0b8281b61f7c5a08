import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Removes what is left of an owner's sessions that had no activity for their whole time to live.
 *
 * Arguments: prefix of the owner's session keys, sessionTtlMs, most sessions to remove. Replies
 * `[sessions removed, epoch ms at which the next session may have expired]`, the latter 0 when none is left.
 */
export const sweepOwnerScript: RedisScript = {
  name: "sweepOwner",
  keys: ["ownerSessions"],
  lua: `
${LUA_NOW}
local ownerSessions, sessionKeyPrefix, sessionTtlMs = KEYS[1], ARGV[1], tonumber(ARGV[2])
local expired = redis.call('ZRANGEBYSCORE', ownerSessions, '-inf', now - sessionTtlMs, 'LIMIT', 0, ARGV[3])
for _, id in ipairs(expired) do
  local key = sessionKeyPrefix .. id
  redis.call('UNLINK', key, key .. ':turns', key .. ':texts')
  redis.call('ZREM', ownerSessions, id)
end
local oldest = redis.call('ZRANGE', ownerSessions, 0, 0, 'WITHSCORES')
if not oldest[1] then return {#expired, 0} end
return {#expired, tonumber(oldest[2]) + sessionTtlMs}
`,
};
