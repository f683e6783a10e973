-- Notes that something was done about a day (reconciliation.hpp: ReconciliationStore::note_action).
--
-- KEYS: notes of the day. ARGV: 1 its name; audit.
keep_audit(2)
call('HSET', KEYS[1], ARGV[1], '')
return 'done'
