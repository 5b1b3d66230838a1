-- Reserves one token of a limit by the second (a generic cell rate algorithm)
-- and by the hour (a log of the moments of its tokens), or frees one.
--
-- KEYS: state  hash  seen, offset, debt: times; limits: of who asked last
--       slots  zset  the moments of tokens, of the last hour and to come
--       free   zset  those of them that were given back
-- ARGV: interval, burst, per hour, hour, horizon; how long the caller can wait,
--       -1: for ever, -2: it wants none; the token it gives back, 0: none
-- Returns whether a token was reserved, the wait for it, the token, and whether
-- who asked before had other limits. Times are in microseconds.
local state, slots, free = KEYS[1], KEYS[2], KEYS[3]
local interval, burst, perHour = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local hour, horizon = tonumber(ARGV[4]), tonumber(ARGV[5])
local patience, unused = tonumber(ARGV[6]), tonumber(ARGV[7])
local limits = interval .. '/' .. burst .. '/' .. perHour

local function text(n) return string.format('%.0f', n) end

local clock = redis.call('TIME')
local known = redis.call('HMGET', state, 'seen', 'offset', 'debt', 'limits')
local seen, offset, debt = tonumber(known[1]) or 0, tonumber(known[2]) or 0, tonumber(known[3]) or 0
local others = known[4] and known[4] ~= limits

-- The time of the state goes on when the server's clock is set back.
local now = clock[1] * 1000000 + clock[2] + offset
if now < seen then
  offset, now = offset + seen - now, seen
end

-- A token that is not there, because the state was lost, is nobody's.
if unused > 0 and redis.call('ZSCORE', slots, text(unused)) then
  redis.call('ZADD', free, text(unused), text(unused))
end

-- What an hour has passed over, and slots that came up unused.
redis.call('ZREMRANGEBYSCORE', slots, '-inf', text(now - hour))
for _, slot in ipairs(redis.call('ZRANGEBYSCORE', free, '-inf', '(' .. text(now))) do
  redis.call('ZREM', slots, slot)
  redis.call('ZREM', free, slot)
end

local function rank(i)
  local found = redis.call('ZRANGE', slots, i, i)
  return tonumber(found[1])
end

-- The first slot that is free, or else the first moment that both limits allow
-- after all slots there are. No moment is there twice.
local given = redis.call('ZRANGE', free, 0, 0)[1]
local at = tonumber(given)
if not at then
  at = math.max(now, debt - (burst - 1) * interval)
  local last, first = rank(-1), rank(-perHour)
  if last then at = math.max(at, last + 1) end
  if first then at = math.max(at, first + hour) end
end

local wait = at - now
local reserved = patience ~= -2 and wait <= horizon and (patience == -1 or wait <= patience)
if reserved and given then
  redis.call('ZREM', free, given)
elseif reserved then
  redis.call('ZADD', slots, text(at), text(at))
  debt = math.max(debt, at) + interval
end

redis.call('HSET', state, 'seen', text(now), 'offset', text(offset), 'debt', text(debt), 'limits', limits)
local life = math.ceil((math.max(rank(-1) or now, debt, now) - now + hour) / 1000)
redis.call('PEXPIRE', state, life)
redis.call('PEXPIRE', slots, life)
redis.call('PEXPIRE', free, life)
return { reserved and 1 or 0, text(wait), text(at), others and 1 or 0 }
