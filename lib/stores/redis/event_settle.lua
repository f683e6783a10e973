-- What claimed events came to (events.hpp: EventStore::settle). It uses the claim up, so a second run finds nothing to do.
--
-- KEYS: settled, dead
-- ARGV: 1 now, 2 how many; for each: id, claim, what ("d" done, "w" wait, "r" retry, "x" dead), due, note; audit.
-- Returns how many of them were written.
local now, count, written = ARGV[1], tonumber(ARGV[2]), 0

local function settle(id, event, what, due, note)
  local EVENT, standing, charge = event_of(id), event[1], event[4]
  local queue, at = sub(standing, 1, 1), sub(standing, 3)
  if event[3] ~= '' then
    drop_entry(stream_of(queue), event[3])
  else
    call('ZREM', later_of(queue), id)
  end
  if what == 'r' or what == 'x' then call('HINCRBY', EVENT, 'f', 1) end
  if what == 'w' or what == 'r' then
    call('HDEL', EVENT, 'u')
    call('HSET', EVENT, 'd', due, 'i', '', 't', note)
    call('ZADD', later_of(queue), due, id)
    return
  end

  call('HDEL', EVENT, 'u', 'd', 'i')
  call('HSET', EVENT, 's', queue .. what .. at, 'z', now, 't', note)
  call('RPUSH', KEYS[1], now .. ':' .. id)
  if what == 'x' then call('ZADD', KEYS[2], 0, place_of(at, id)) end
  if queue == 'o' then
    call('LREM', line_of(charge), 1, id)
    local next = call('LINDEX', line_of(charge), 0)
    if next and call('HEXISTS', event_of(next), 'd') == 0 then make_due('o', next, now) end
  end
end

keep_audit(3 + 5 * count)
for i = 3, 5 * count, 5 do
  local event = call('HMGET', event_of(ARGV[i]), 's', 'u', 'i', 'h')
  if event[2] == ARGV[i + 1] then
    settle(ARGV[i], event, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
    written = written + 1
  end
end
return written
