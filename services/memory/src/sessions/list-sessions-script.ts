import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/**
 * Reads an owner's sessions, latest activity first. Activity is unique within an owner, so it is the whole cursor.
 *
 * Arguments: prefix of the owner's session keys, activity to continue below or '+inf', most sessions, sessionTtlMs.
 * Replies one `[sessionId, createdAt, updatedAt, turns, messages, bytes]` a session.
 */
export const listSessionsScript: RedisScript = {
  name: "listSessions",
  keys: ["ownerSessions"],
  lua: `
${LUA_NOW}
local ownerSessions = KEYS[1]
local sessionKeyPrefix, below, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local oldest = now - tonumber(ARGV[4])
if below ~= '+inf' then below = '(' .. below end

local rows, offset = {}, 0
while #rows < limit do
  local page = redis.call('ZREVRANGEBYSCORE', ownerSessions, below, '(' .. oldest, 'LIMIT', offset, limit)
  for _, id in ipairs(page) do
    local facts = redis.call('HMGET', sessionKeyPrefix .. id, 'createdAt', 'updatedAt', 'turns', 'messages', 'bytes')
    if facts[1] and #rows < limit then table.insert(rows, {id, unpack(facts)}) end
  end
  offset = offset + #page
  if #page < limit then break end
end
return rows
`,
};
