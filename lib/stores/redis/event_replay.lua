-- Puts an event that is done or dead back into its queue (events.hpp: EventStore::replay).
--
-- KEYS: event, dead
-- ARGV: 1 id, 2 nonce, 3 now; audit.
-- Returns "replayed", "waiting" or "unknown".
local EVENT, id, nonce, now = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

keep_audit(4)
local event = call('HMGET', EVENT, 's', 'n', 'h')
local standing = event[1]
if not standing then return 'unknown' end
if event[2] == nonce then  -- this very call has been here before
  call('HSET', EVENT, 'n', nonce)
  return 'replayed'
end
local queue, state, at = sub(standing, 1, 1), sub(standing, 2, 2), sub(standing, 3)
if state == 'w' then return 'waiting' end

if state == 'x' then call('ZREM', KEYS[2], place_of(at, id)) end
call('HDEL', EVENT, 'f', 'z')
call('HSET', EVENT, 's', queue .. 'w' .. at, 'n', nonce)
if queue == 'i' then
  make_due('i', id, now)
else
  line_up(event[3], id, now)
end
return 'replayed'
