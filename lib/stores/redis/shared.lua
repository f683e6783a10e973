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
local succeeded = 's'

-- Pages of succeeded charges are dense in the tenant's own list; every other status has a list.
local function list_of(status, sale) return prefix .. 's:' .. status .. tenant_of(sale) end

-- Adds one event and keeps the newest max + 1.
local function add_event(key, now, window, max, event)
  call('ZADD', key, now, event)
  call('ZREMRANGEBYRANK', key, 0, -max - 2)
  call('PEXPIRE', key, window)
end
