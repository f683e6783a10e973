-- Charges that are due get a new owner, the longest waiting first (ports.hpp: ChargeStore::claim).
--
-- KEYS: due, what this very call has claimed
-- ARGV: 1 now, 2 lease, 3 how many, 4 nonce; audit.
-- Returns {id, row, id, row, …}.
local now, mine = ARGV[1], 'c' .. ARGV[4]
local claimed = {}

-- A second run tells what the first one did.
local before = call('LRANGE', KEYS[2], 0, -1)
if #before > 0 then
  keep_audit(5)
  for _, id in ipairs(before) do
    local row = prefix .. 'c:' .. id
    if call('HGET', row, 'n') == mine then
      call('HSET', row, 'n', mine)
      claimed[#claimed + 1] = id
      claimed[#claimed + 1] = call('HGETALL', row)
    end
  end
  return claimed
end

local ids = call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3])
keep_audit(5)
for _, id in ipairs(ids) do
  local key = prefix .. 'c:' .. id
  local row = call('HMGET', key, 'f', 'n', 'd')
  local fence, owner, due = row[1], row[2], row[3]
  if fence and due ~= '' then
    if owner and sub(owner, 1, 1) ~= 'c' then leave_trace_of(owner) end
    call('HSET', key, 'f', tonumber(fence) + 1, 'n', mine, 'l', ARGV[2])
    call('ZADD', KEYS[1], tonumber(due) > tonumber(ARGV[2]) and due or ARGV[2], id)
    call('RPUSH', KEYS[2], id)
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = call('HGETALL', key)
  else
    call('ZREM', KEYS[1], id)  -- a trace of a row that is gone: only a foreign hand leaves one
  end
end
call('PEXPIRE', KEYS[2], late)
return claimed
