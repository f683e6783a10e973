#!lua
-- What the scripts that write have in common; it stands in front of each of them. In their comments a row is the hash of a
-- charge, whose fields are named in rows.hpp. Every key of a script is in one partition, "tg:{pNN}:".
--
-- The last key before the audit's is never there (keys.hpp: absent). So while a slot moves between nodes of a cluster, Redis
-- refuses the script before it starts (TRYAGAIN), instead of running it where a key it finds by itself is not, or not yet.
local call, sub, find = redis.call, string.sub, string.find
local prefix = sub(KEYS[1], 1, 9)

-- How long a copy of a command may lie on the way after another copy of it was answered.
local late = 60000

-- Audit records travel behind the arguments proper: the day and chain they belong to, their number, their bytes. Written
-- again they are the same, so neither a second run nor another order does harm. "a" holds the highest number of each.
local function keep_audit(first)
  for i = first, #ARGV, 3 do
    local chain, number = ARGV[i], ARGV[i + 1]
    call('HSET', prefix .. 'a:' .. chain, number, ARGV[i + 2])
    if ARGV[i + 3] ~= chain then
      local highest = call('HGET', prefix .. 'a', chain)
      if not highest or tonumber(highest) < tonumber(number) then call('HSET', prefix .. 'a', chain, number) end
    end
  end
end

-- Where a late copy of the begin that owned the charge until now will see that it must begin nothing.
local function leave_trace_of(owner) call('SET', prefix .. 'x:' .. sub(owner, 2), '', 'PX', late) end

-- A sale is "6:tenant5:order4999:USD", each text behind its length.
local function tenant_of(sale)
  local colon = find(sale, ':', 1, true)
  return sub(sale, colon + 1, colon + tonumber(sub(sale, 1, colon - 1)))
end

local function order_of(sale)
  local colon = find(sale, ':', 1, true)
  local next = colon + tonumber(sub(sale, 1, colon - 1)) + 1
  colon = find(sale, ':', next, true)
  return sub(sale, 1, colon + tonumber(sub(sale, next, colon - 1)))
end

-- A standing is three characters: the status' letter, whether it is live, whether its key is free.
local succeeded, refunding, authorized = 's', 'f', 'a'

-- Which list a charge is in, by its letter. Pages of succeeded charges are dense in the tenant's own list: they have one only
-- while a refund is pending, which the last number of what is at risk tells. Every other status has a list.
local function letter_of(standing, risk)
  local letter = sub(standing, 1, 1)
  if letter == succeeded and risk and risk ~= '' and sub(risk, -2) ~= ':0' then return refunding end
  return letter
end

local function list_of(letter, sale) return prefix .. 's:' .. letter .. tenant_of(sale) end

-- The sums of what is at risk follow that of one charge: from "unknown:uncaptured:pending refund" to another; empty: nothing.
local function move_risk(sale, from, to)
  local currency = string.match(sale, '[^:]*$')
  local function add(risk, sign)
    local of = 'ucr'
    for amount in string.gmatch(risk, '%d+') do
      if amount ~= '0' then call('HINCRBY', prefix .. 'u', currency .. ' ' .. sub(of, 1, 1), sign .. amount) end
      of = sub(of, 2)
    end
  end
  add(from, '-')
  add(to, '')
end

-- Adds one event and keeps the newest max + 1.
local function add_event(key, now, window, max, event)
  call('ZADD', key, now, event)
  call('ZREMRANGEBYRANK', key, 0, -max - 2)
  call('PEXPIRE', key, window)
end
