import type { RedisScript } from "../redis/redis-script.js";

/**
 * Reads stored turns of a session in order.
 *
 * Arguments: first order (inclusive), most turns, bytes of text past which no further turn is added. Replies nil when
 * there is no such session, else `[1 when there are more turns or 0, [turnId, order, stored turn as JSON]...]`.
 */
export const readMessagesScript: RedisScript = {
  name: "readMessages",
  keys: ["summary", "turns", "texts"],
  lua: `
local summary, turns, texts = KEYS[1], KEYS[2], KEYS[3]
if redis.call('EXISTS', summary) == 0 then return nil end
local maxTurns, maxBytes, byteCount, reply = tonumber(ARGV[2]), tonumber(ARGV[3]), 0, {0}
local page = redis.call('ZRANGEBYSCORE', turns, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, maxTurns + 1)
for index = 1, #page, 2 do
  if #reply > maxTurns or byteCount > maxBytes then
    reply[1] = 1
    break
  end
  local id, bytes = string.match(page[index], '^([^:]+):%d:%d+:(%d+)$')
  byteCount = byteCount + tonumber(bytes)
  table.insert(reply, {id, page[index + 1], redis.call('HGET', texts, id)})
end
return reply
`,
};
