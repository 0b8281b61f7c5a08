import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Removes a session's text. The control hash stays, with the deletion noted, so that a running turn keeps its lease
 * and a result of a turn that was submitted or begun before does not bring the session back.
 *
 * Arguments: sessionId, turnStateTtlMs. Replies 1 when there was a session, else 0.
 */
export const deleteSessionScript: RedisScript = {
  name: "deleteSession",
  keys: ["control", "turns", "texts", "summary", "ownerSessions"],
  lua: `
${LUA_NOW}
local control, turns, texts, summary, ownerSessions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local existed = redis.call('EXISTS', summary)
redis.call('UNLINK', summary, turns, texts)
redis.call('ZREM', ownerSessions, ARGV[1])
if existed == 1 or redis.call('EXISTS', control) == 1 then
  local lastOrder = redis.call('HGET', control, 'lastOrder') or '-1'
  redis.call('HSET', control, 'deletedAt', now, 'deletedOrder', lastOrder)
  redis.call('PEXPIRE', control, tonumber(ARGV[2]))
end
return existed
`,
};
