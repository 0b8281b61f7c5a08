import { LUA_NOW, type RedisScript } from "../redis/redis-script.js";

/** A turn that asked this long ago has gone: turns that wait ask once a second at least. */
const WAITING_SEEN_MS = 2_500;
const WAITING_TTL_MS = 10_000;

/**
 * Grants the session's lease and reads the context window in one step. Turns that find the session busy are noted with
 * their order, and while one of a lower order has asked within the last moments a later one has to wait for it.
 *
 * Arguments: turnId, attempt, order, afterTurnId or '', fence of a lease that ran out and whose turn is known to have
 * no result or '', leaseTtlMs, turnStateTtlMs, most starts, most context messages (0: none wanted), most context bytes.
 *
 * Replies: `['granted', fence, text...]` with the stored turns oldest first; `['busy', turnId, reason]` where the reason
 * is `held` (the turn has the lease), `after` (it was to be waited for) or `queued` (it waits too and comes first); `['done']`;
 * `['exhausted', starts]`; `['expired', turnId, fence]` when a lease ran out whose turn may have a result elsewhere.
 */
export const beginTurnScript: RedisScript = {
  name: "beginTurn",
  keys: ["control", "turnState", "afterTurnState", "turns", "texts", "waiting"],
  lua: `
${LUA_NOW}
local control, turnState, afterTurnState, turns, texts, waiting = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local turnId, attempt, order, afterTurnId, abandonedFence = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local leaseTtlMs, turnStateTtlMs, maxStarts = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local maxMessages, maxBytes = tonumber(ARGV[9]), tonumber(ARGV[10])

local function isDone(key, id)
  return redis.call('HGET', key, 'state') == 'done' or redis.call('HEXISTS', texts, id) == 1
end

if isDone(turnState, turnId) then return {'done'} end

local known = redis.call('HMGET', turnState, 'starts', 'attempt')
local starts, highestAttempt = tonumber(known[1] or '0'), tonumber(known[2] or '0')
if attempt < highestAttempt then return {'busy', turnId, 'held'} end
if attempt > highestAttempt and starts >= maxStarts then return {'exhausted', starts} end

local lease = redis.call('HMGET', control, 'turnId', 'fence', 'expiresAt', 'lastOrder')
local holder, holderFence = lease[1], lease[2]
local isForeign = holder and holder ~= turnId
local function wait(behind, reason)
  redis.call('HSET', waiting, turnId, order .. ':' .. now)
  redis.call('PEXPIRE', waiting, ${WAITING_TTL_MS})
  return {'busy', behind, reason}
end
if isForeign and tonumber(lease[3]) > now then return wait(holder, 'held') end
if isForeign and holderFence ~= abandonedFence then return {'expired', holder, holderFence} end
if afterTurnId ~= '' and not isDone(afterTurnState, afterTurnId) then return wait(afterTurnId, 'after') end
local others = redis.call('HGETALL', waiting)
for index = 1, #others, 2 do
  local itsOrder, seenAt = string.match(others[index + 1], '^(%d+):(%d+)$')
  if tonumber(seenAt) < now - ${WAITING_SEEN_MS} then redis.call('HDEL', waiting, others[index])
  elseif others[index] ~= turnId and tonumber(itsOrder) < order then return wait(others[index], 'queued') end
end
if #others > 0 then redis.call('HDEL', waiting, turnId) end

local fence = redis.call('HINCRBY', control, 'fenceCounter', 1)
redis.call('HSET', control, 'turnId', turnId, 'attempt', attempt, 'fence', fence, 'expiresAt', now + leaseTtlMs,
  'lastOrder', math.max(order, tonumber(lease[4] or '0')))
redis.call('PEXPIRE', control, turnStateTtlMs)
if attempt > highestAttempt then starts = starts + 1 end
redis.call('HSET', turnState, 'state', 'begun', 'starts', starts, 'attempt', attempt, 'order', order, 'fence', fence)
redis.call('PEXPIRE', turnState, turnStateTtlMs)

local picked, messageCount, byteCount, offset, isFull = {}, 0, 0, 0, maxMessages == 0
while not isFull do
  local page = redis.call('ZREVRANGE', turns, offset, offset + 49)
  for _, member in ipairs(page) do
    local id, usable, messages, bytes = string.match(member, '^([^:]+):(%d):(%d+):(%d+)$')
    if usable == '1' then
      messages, bytes = tonumber(messages), tonumber(bytes)
      if #picked > 0 and (messageCount + messages > maxMessages or byteCount + bytes > maxBytes) then
        isFull = true
        break
      end
      messageCount, byteCount = messageCount + messages, byteCount + bytes
      table.insert(picked, 1, id)
    end
  end
  offset = offset + #page
  if #page < 50 then isFull = true end
end

local reply = {'granted', fence}
if #picked > 0 then
  for _, text in ipairs(redis.call('HMGET', texts, unpack(picked))) do table.insert(reply, text) end
end
return reply
`,
};
