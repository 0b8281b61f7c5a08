import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/** How far the clocks of two gateways may be apart. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Applies a turn's result once: marks the turn done, releases its lease, stores its text by order, trims the session
 * and evicts the client's oldest idle sessions.
 *
 * Orders begin again at 1 when the queue is made anew. A turn that was sent clearly later than the newest one here, but
 * has a lower order, is from a new queue: from then on orders are shifted to come after those of the old one.
 *
 * Arguments: turnId, order, submittedAt, stored turn as JSON ('' stores nothing), usable as context (0 or 1), messages,
 * bytes, sessionId, prefix of the owner's session keys, turnStateTtlMs, sessionTtlMs, most messages and most bytes of a
 * session, most sessions of a client.
 *
 * Replies `['duplicate']` or `['applied', turns trimmed, sessions evicted]`.
 */
export const applyResultScript: RedisScript = {
  name: "applyResult",
  keys: ["control", "turnState", "turns", "texts", "summary", "ownerSessions", "waiting"],
  lua: `
${LUA_NOW}
local control, turnState, turns, texts, summary, ownerSessions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local turnId, order, submittedAt, text, usable = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local messages, bytes, sessionId, sessionKeyPrefix = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local turnStateTtlMs, sessionTtlMs = tonumber(ARGV[10]), tonumber(ARGV[11])
local maxMessages, maxBytes, maxSessions = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])

-- Redis does not undo a script that fails: what could refuse a write has to show in these reads, before the first one.
local held = redis.call('HMGET', control, 'turnId', 'deletedAt', 'deletedOrder')
local isDone = redis.call('HGET', turnState, 'state') == 'done'
local isStored = redis.call('HEXISTS', texts, turnId) == 1
redis.call('ZCARD', turns)
local top = redis.call('HMGET', summary, 'shift', 'topPlace', 'topSubmittedAt')
local latest = redis.call('ZREVRANGE', ownerSessions, 0, 0, 'WITHSCORES')

redis.call('HDEL', KEYS[7], turnId)
if held[1] == turnId then redis.call('HDEL', control, 'turnId', 'attempt', 'fence', 'expiresAt') end
if isDone then return {'duplicate'} end
redis.call('HSET', turnState, 'state', 'done', 'order', order)
redis.call('PEXPIRE', turnState, turnStateTtlMs)
if isStored then return {'duplicate'} end

if text == '' then return {'applied', 0, 0} end
if held[2] then
  local deletedAt = tonumber(held[2])
  local wasBegunBefore = order <= tonumber(held[3]) and submittedAt <= deletedAt + ${CLOCK_SKEW_MS}
  if submittedAt <= deletedAt or wasBegunBefore then return {'applied', 0, 0} end
end

local shift, topPlace, topSubmittedAt = tonumber(top[1] or '0'), tonumber(top[2] or '-1'), tonumber(top[3] or '0')
if order + shift < topPlace and submittedAt > topSubmittedAt + ${CLOCK_SKEW_MS} then shift = topPlace end
local place = order + shift
if place > topPlace then
  redis.call('HSET', summary, 'shift', shift, 'topPlace', place, 'topSubmittedAt', submittedAt)
end

redis.call('ZADD', turns, place, turnId .. ':' .. usable .. ':' .. ARGV[6] .. ':' .. ARGV[7])
redis.call('HSET', texts, turnId, text)
local turnCount = redis.call('HINCRBY', summary, 'turns', 1)
local messageCount = redis.call('HINCRBY', summary, 'messages', messages)
local byteCount = redis.call('HINCRBY', summary, 'bytes', bytes)

local trimmed = 0
while turnCount > 1 and (messageCount > maxMessages or byteCount > maxBytes) do
  local oldest = redis.call('ZRANGE', turns, 0, 0)[1]
  local id, _, itsMessages, itsBytes = string.match(oldest, '^([^:]+):(%d):(%d+):(%d+)$')
  redis.call('ZREM', turns, oldest)
  redis.call('HDEL', texts, id)
  turnCount = redis.call('HINCRBY', summary, 'turns', -1)
  messageCount = redis.call('HINCRBY', summary, 'messages', -tonumber(itsMessages))
  byteCount = redis.call('HINCRBY', summary, 'bytes', -tonumber(itsBytes))
  trimmed = trimmed + 1
end

local activity = now
if latest[1] and tonumber(latest[2]) >= now then activity = tonumber(latest[2]) + 1 end
redis.call('HSETNX', summary, 'createdAt', submittedAt)
redis.call('HSET', summary, 'updatedAt', activity)
redis.call('ZADD', ownerSessions, activity, sessionId)
for _, key in ipairs({summary, turns, texts, ownerSessions}) do redis.call('PEXPIRE', key, sessionTtlMs) end

local evicted, excess = 0, redis.call('ZCARD', ownerSessions) - maxSessions
if excess > 0 then
  for _, id in ipairs(redis.call('ZRANGE', ownerSessions, 0, excess + 15)) do
    local key = sessionKeyPrefix .. id
    local expiresAt = redis.call('HGET', key .. ':control', 'expiresAt')
    local isIdle = not expiresAt or tonumber(expiresAt) <= now
    if evicted < excess and id ~= sessionId and isIdle then
      redis.call('UNLINK', key, key .. ':turns', key .. ':texts')
      redis.call('ZREM', ownerSessions, id)
      evicted = evicted + 1
    end
  end
end
return {'applied', trimmed, evicted}
`,
};
