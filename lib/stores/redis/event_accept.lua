-- Archives an incoming event and puts it into its queue, unless it is known (events.hpp: EventStore::accept).
--
-- KEYS: event, archive
-- ARGV: 1 id, 2 nonce, 3 fingerprint, 4 at, 5 the rest of the event, 6 lease; audit.
-- Returns "fresh", "duplicate" or "altered".
local EVENT, id, nonce, at, lease = KEYS[1], ARGV[1], ARGV[2], ARGV[4], tonumber(ARGV[6])

keep_audit(7)
local known = call('HMGET', EVENT, 's', 'n', 'p')
if known[1] then
  call('HSET', EVENT, 's', known[1])  -- so that WAIT has something to wait for
  if known[2] == nonce then return 'fresh' end  -- this very call has been here before
  return known[3] == ARGV[3] and 'duplicate' or 'altered'
end

local entry = enqueue('i', id, lease)
local held = lease > 0
call('HSET', EVENT, 's', 'iw' .. at, 'n', nonce, 'p', ARGV[3], 'd', at, 'v', ARGV[5], 'i', entry, 'c', held and 1 or 0,
  'u', held and 1 or '')
call('ZADD', KEYS[2], 0, place_of(at, id))
return 'fresh'
