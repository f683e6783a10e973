#!lua flags=no-writes
-- Whether a queue has an event that may be claimed.
--
-- KEYS: stream, later. ARGV: 1 now, 2 group, 3 idle time of what nobody holds (event_shared.lua).
-- Returns {its id, since when it is due} of the one that waits longest, as far as a short look can tell; nothing: there is none.
local call = redis.call
local first = call('ZRANGE', KEYS[2], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
if call('XLEN', KEYS[1]) == 0 then return first end
local left = call('XPENDING', KEYS[1], ARGV[2], 'IDLE', ARGV[3], '-', '+', 1)[1]
local entry = left and call('XRANGE', KEYS[1], left[1], left[1])[1]
if not left then return first end
local id = entry and entry[2][2] or ''
local due = call('HGET', string.sub(KEYS[1], 1, 9) .. 'e:' .. id, 'd') or '0'  -- of a trace: it is for the claim to remove
if first[2] and tonumber(first[2]) < tonumber(due) then return first end
return {id, due}
