-- Somebody has logged out (sessions.hpp: SessionStore::end_session). A late copy of the login must not log in again.
--
-- KEYS: sessions, trace of its end. ARGV: 1 id; audit.
keep_audit(2)
call('HDEL', KEYS[1], ARGV[1])
call('SET', KEYS[2], '', 'PX', late)
return 'done'
