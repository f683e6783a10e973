-- Events that are due get a new holder, in the order in which they became due (events.hpp: EventStore::claim). A second run
-- claims others; those of the first are free again when their lease is over.
--
-- KEYS: stream, later
-- ARGV: 1 queue, 2 now, 3 lease, 4 how many; audit.
-- Returns {id, event, id, event, …}.
local STREAM, LATER, queue, now, most = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local promoted_max, looks_max = 128, 16

keep_audit(5)
for _, id in ipairs(call('ZRANGE', LATER, '-inf', now, 'BYSCORE', 'LIMIT', 0, promoted_max)) do
  call('ZREM', LATER, id)
  if call('EXISTS', event_of(id)) == 1 then call('HSET', event_of(id), 'i', enqueue(queue, id, 0)) end
end
if call('XLEN', STREAM) == 0 then return {} end

local claimed, entries = {}, {}

-- What does not lie here any more left a trace only where a foreign hand was at work.
local function try(entry, id)
  local EVENT = event_of(id)
  local event = call('HMGET', EVENT, 's', 'i', 'd')
  if not event[1] or sub(event[1], 2, 2) ~= 'w' or event[2] ~= entry then return drop_entry(STREAM, entry) end
  if tonumber(event[3]) > now then  -- by the clock of whoever put it here it was due
    drop_entry(STREAM, entry)
    call('ZADD', LATER, event[3], id)
    call('HSET', EVENT, 'i', '')
    return
  end
  call('HSET', EVENT, 'u', call('HINCRBY', EVENT, 'c', 1))
  entries[#entries + 1] = entry
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = call('HGETALL', EVENT)
end

-- XAUTOCLAIM looks at a few entries only: from the first that nobody holds.
local first = call('XPENDING', STREAM, group, 'IDLE', whole, '-', '+', 1)[1]
local from = first and first[1]
for _ = 1, looks_max do
  if not from or #entries == most then break end
  local found = call('XAUTOCLAIM', STREAM, group, group, whole, from, 'COUNT', most - #entries)
  for _, entry in ipairs(found[2]) do try(entry[1], entry[2][2]) end
  from = found[1] ~= '0-0' and found[1]
end

if #entries > 0 then
  local hold = {'XCLAIM', STREAM, group, group, 0}
  for _, entry in ipairs(entries) do hold[#hold + 1] = entry end
  for _, word in ipairs({'IDLE', whole - tonumber(ARGV[3]), 'JUSTID'}) do hold[#hold + 1] = word end
  call(unpack(hold))
end
return claimed
