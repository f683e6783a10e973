-- Somebody has logged in at the console (sessions.hpp: SessionStore::open_session).
--
-- KEYS: sessions, trace of its end
-- ARGV: 1 id, 2 "expires_at owner", 3 now, 4 how many are kept at most; audit.
local id, now, most = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
keep_audit(5)
local kept = call('HGET', KEYS[1], id)
if call('EXISTS', KEYS[2]) == 1 then  -- a late copy, after its end: written again so that WAIT has something to wait for
  call('PEXPIRE', KEYS[2], late)
  return 'done'
end

local function ends(value) return tonumber(sub(value, 1, find(value, ' ', 1, true) - 1)) end

local others = {}
local all = call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at = ends(all[i + 1])
  if at <= now then
    call('HDEL', KEYS[1], all[i])
    if all[i] == id then kept = false end
  elseif all[i] ~= id then
    others[#others + 1] = {id = all[i], at = at}
  end
end
if not kept and #others >= most then
  table.sort(others, function(a, b) return a.at < b.at or (a.at == b.at and a.id < b.id) end)
  for i = 1, #others - most + 1 do call('HDEL', KEYS[1], others[i].id) end
end
call('HSET', KEYS[1], id, kept or ARGV[2])
return 'done'
