-- The run of a day gets an owner (reconciliation.hpp: ReconciliationStore::claim_run).
--
-- KEYS: run, what this very call was told
-- ARGV: 1 now, 2 lease, 3 unless it was done then or later; audit.
-- Returns its fence; "": somebody does it, or it was done.
local told = call('GET', KEYS[2])  -- a second run tells what the first one did
keep_audit(4)
if not told then
  local run = call('HMGET', KEYS[1], 'f', 'l', 'a')
  if (run[2] and tonumber(run[2]) > tonumber(ARGV[1])) or (run[3] and tonumber(run[3]) >= tonumber(ARGV[3])) then
    told = ''
  else
    told = call('HINCRBY', KEYS[1], 'f', 1)
    call('HSET', KEYS[1], 'l', ARGV[2])
  end
end
call('SET', KEYS[2], told, 'PX', late)  -- a second time so that WAIT has something to wait for
return tostring(told)
