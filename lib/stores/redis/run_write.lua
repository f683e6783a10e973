-- The owner of a day's run keeps it, or ends it (reconciliation.hpp: ReconciliationStore::extend_run, finish_run).
--
-- KEYS: run, what this very call was told
-- ARGV: 1 fence, 2 lease, 3 when it was done ("": it is not yet), 4 report; audit.
-- Returns "done", or why nothing was written: "lease". A lease of "0" is over for good.
local told = call('GET', KEYS[2])  -- a second run does nothing: its owner may have written again since
keep_audit(5)
if not told then
  local run = call('HMGET', KEYS[1], 'f', 'l')
  local done = ARGV[3] ~= ''
  told = 'done'
  if run[1] ~= ARGV[1] or (run[2] == '0' and not done) then
    told = 'lease'
  elseif done then
    call('HSET', KEYS[1], 'l', ARGV[2], 'a', ARGV[3], 'b', ARGV[4])
  else
    call('HSET', KEYS[1], 'l', ARGV[2])
  end
end
call('SET', KEYS[2], told, 'PX', late)  -- a second time so that WAIT has something to wait for
return told
