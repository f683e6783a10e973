-- One charge that nobody owns gets a new owner before it is due (ports.hpp: ChargeStore::take, take_for).
--
-- KEYS: row, due, what this very call was told, the charge's operations
-- ARGV: 1 now, 2 lease, 3 nonce, 4 id, 5 "1": also what waits and what is finished, 6 operation ("": none); audit.
-- Returns {what, the row, the operation}: "t" taken, "?" unknown, "q" waits for its customer or its capture, "e" nothing is left
-- to do, "o" owned, "k" the operation is known.
local mine = 'c' .. ARGV[3]
local row = call('HMGET', KEYS[1], 'f', 'n', 's', 'd', 'l')
local fence, owner, due = row[1], row[2], row[4]

-- A second run tells what the first one did; a late one, whose charge is another's by now, does nothing.
local what = call('GET', KEYS[3])
keep_audit(7)
local kept = ARGV[6] ~= '' and call('HGET', KEYS[4], ARGV[6])
if what == 't' then
  if owner ~= mine then what = 'o' end
elseif what == 'k' then
  if not kept then what = 'o' end  -- forgotten meanwhile: it is for another call to take the charge
elseif not what then
  if not fence then
    what = '?'
  elseif kept then
    what = 'k'
  elseif sub(row[3], 1, 1) == 'q' and ARGV[5] ~= '1' then
    what = 'q'
  elseif due == '' and ARGV[5] ~= '1' then
    what = 'e'
  elseif sub(row[3], 1, 1) == 'a' and ARGV[5] ~= '1' then
    what = 'q'
  elseif tonumber(row[5]) > tonumber(ARGV[1]) then
    what = 'o'
  else
    what = 't'
    if owner and sub(owner, 1, 1) ~= 'c' then leave_trace_of(owner) end
    call('HSET', KEYS[1], 'f', tonumber(fence) + 1, 'n', mine, 'l', ARGV[2])
    if due ~= '' then call('ZADD', KEYS[2], tonumber(due) > tonumber(ARGV[2]) and due or ARGV[2], ARGV[4]) end
  end
end
call('SET', KEYS[3], what, 'PX', late)  -- a second time so that WAIT has something to wait for
return {what, call('HGETALL', KEYS[1]), kept}
