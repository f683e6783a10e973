#!lua flags=no-writes
-- How much of a partition is unfinished: one bounded look.
--
-- KEYS: names of the tenants. ARGV: 1 the letter of the status whose charges are told apart by age, 2 the letters of the other
--   lists (shared.lua: letter_of), 3 … times, each earlier than the one before.
-- Returns {dead letters; incoming events that wait, since when the oldest is due ("": none waits); the same of outgoing ones; how
--   many charges are in each of the other lists; how many in the first one, and how many of these were first asked for by each
--   of the times}.
local call, sub = redis.call, string.sub
local prefix = sub(KEYS[1], 1, 9)
local tenants = call('SMEMBERS', KEYS[1])

local function sum(letter, count)
  local total = 0
  for _, tenant in ipairs(tenants) do total = total + count(prefix .. 's:' .. letter .. tenant) end
  return total
end

local function all(list) return call('ZCARD', list) end

-- A list is in the order of arrival: halving finds the first that came later.
local function asked_for_by(time)
  return function(list)
    local low, high = 0, call('ZCARD', list)
    while low < high do
      local middle = math.floor((low + high) / 2)
      local id = call('ZRANGE', list, middle, middle)[1]
      local at = string.match(call('HGET', prefix .. 'c:' .. id, 'i') or '', '^%d+') or '0'
      if tonumber(at) <= time then low = middle + 1 else high = middle end
    end
    return low
  end
end

local told = {call('ZCARD', prefix .. 'ex')}
for _, queue in ipairs({'ei', 'eo'}) do
  local stream, later = prefix .. queue, prefix .. queue .. ':later'
  local oldest = call('ZRANGE', later, 0, 0, 'WITHSCORES')[2] or ''
  local first = call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local due = first and call('HGET', prefix .. 'e:' .. first[2][2], 'd')
  if due and (oldest == '' or tonumber(due) < tonumber(oldest)) then oldest = due end
  told[#told + 1] = call('XLEN', stream) + call('ZCARD', later)
  told[#told + 1] = oldest
end
for i = 1, #ARGV[2] do told[#told + 1] = sum(sub(ARGV[2], i, i), all) end
told[#told + 1] = sum(ARGV[1], all)
for i = 3, #ARGV do told[#told + 1] = sum(ARGV[1], asked_for_by(tonumber(ARGV[i]))) end
return told
