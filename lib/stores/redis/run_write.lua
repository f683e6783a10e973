-- The owner of a day's run keeps it, or ends it (reconciliation.hpp: ReconciliationStore::extend_run, finish_run).
--
-- KEYS: run
-- ARGV: 1 fence, 2 lease, 3 when it was done ("": it is not yet), 4 report; audit.
-- Returns "done", or why nothing was written: "lease". Once a lease is "0" it is over for good: a late copy cannot revive it.
local run = call('HMGET', KEYS[1], 'f', 'l')
local done = ARGV[3] ~= ''
keep_audit(5)
if run[1] ~= ARGV[1] or (run[2] == '0' and not done) then return 'lease' end
call('HSET', KEYS[1], 'l', ARGV[2])
if done then call('HSET', KEYS[1], 'a', ARGV[3], 'b', ARGV[4]) end
return 'done'
