-- The next step of a charge by its owner (ports.hpp: ChargeStore::advance).
--
-- KEYS: row, due, answers, ledger, velocity…
-- ARGV: 1 fence, 2 number of this write, 3 standing, 4 state, 5 due ("": none), 6 lease, 7 answer ("": none), 8 now, 9 id,
--   10 how many ledger entries, 11 how many velocities, 12 how many events, 13 how many operations, 14 what is at risk ("":
--   nothing); for each entry: its name, its value, its day; for each velocity: window, max; for each event: id, at, fingerprint, the
--   rest of it; for each operation: id, fingerprint behind its length, answer ("": none yet); audit.
-- Returns "done", or why nothing was written: "lease", "older".
local id, standing = ARGV[9], ARGV[3]
local entries, velocities, events, operations = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local risk = ARGV[14]
local ROW = KEYS[1]

-- An operation is kept as its fingerprint, behind its length, and its answer.
local function is_settled(kept)
  local colon = find(kept, ':', 1, true)
  return #kept > colon + tonumber(sub(kept, 1, colon - 1))
end

keep_audit(15 + 3 * entries + 2 * velocities + 4 * events + 3 * operations)
local row = call('HMGET', ROW, 'f', 'w', 's', 'A', 'm', 'q', 'u')
if row[1] ~= ARGV[1] then return 'lease' end

-- Twelve characters of the process that wrote last, and how many writes it had asked for: a copy of an older write may come
-- after a newer one. Written again, so that WAIT has something to wait for.
local mine, last = ARGV[2], row[2]
if last and sub(last, 1, 12) == sub(mine, 1, 12) then
  local before, this = tonumber(sub(last, 13)), tonumber(sub(mine, 13))
  if this < before then return 'older' end
  if this == before then
    call('HSET', ROW, 'w', mine)
    return 'done'
  end
end

local was_at_risk = row[7] or ''
local from, to, living
if standing ~= row[3] or risk ~= was_at_risk then
  local sale = row[5]
  local left, entered = letter_of(row[3], was_at_risk), letter_of(standing, risk)
  if left ~= entered then
    from, to = left ~= succeeded and list_of(left, sale), entered ~= succeeded and list_of(entered, sale)
  end
  if sub(row[3], 2, 2) ~= sub(standing, 2, 2) then living = prefix .. 'l:' .. sale end
end
if risk ~= was_at_risk then
  move_risk(row[5], was_at_risk, risk)
  if risk ~= '' then call('HSET', ROW, 'u', risk) else call('HDEL', ROW, 'u') end
end

if ARGV[7] ~= '' and not row[4] then
  call('HSET', ROW, 'w', mine, 's', standing, 'x', ARGV[4], 'd', ARGV[5], 'l', ARGV[6], 'A', ARGV[8], 'B', ARGV[7])
  call('RPUSH', KEYS[3], ARGV[8] .. ':' .. id)
else
  call('HSET', ROW, 'w', mine, 's', standing, 'x', ARGV[4], 'd', ARGV[5], 'l', ARGV[6])
end

if ARGV[5] == '' then
  call('ZREM', KEYS[2], id)
else
  local due, lease = tonumber(ARGV[5]), tonumber(ARGV[6])
  call('ZADD', KEYS[2], due > lease and due or lease, id)
end

if sub(standing, 1, 1) == authorized and ARGV[5] ~= '' then
  call('ZADD', prefix .. 'z', ARGV[5], id)
elseif sub(row[3], 1, 1) == authorized then
  call('ZREM', prefix .. 'z', id)
end

if from then call('ZREM', from, id) end
if to then call('ZADD', to, row[6], id) end
if living and sub(standing, 2, 2) == '0' then
  call('ZREM', living, id)
elseif living then
  call('ZADD', living, call('HGET', ROW, 'b'), id)
  if call('PTTL', living) < 0 then call('PEXPIRE', living, 7 * 86400000) end
end

if entries > 0 then
  local place = call('HLEN', KEYS[4])
  for i = 15, 12 + 3 * entries, 3 do
    local name, value = ARGV[i], ARGV[i + 1]
    if call('HSETNX', KEYS[4], name, place .. ':' .. value) == 1 then
      place = place + 1
      call('RPUSH', prefix .. 'd:' .. ARGV[i + 2], id .. ' ' .. value .. ' ' .. name)
      call('SET', prefix .. 'w:' .. sub(name, find(name, ' ', 1, true) + 1), id)
    end
  end
end

for i = 1, velocities do
  local at = 13 + 3 * entries + 2 * i
  add_event(KEYS[4 + i], ARGV[8], ARGV[at], tonumber(ARGV[at + 1]), id .. ':' .. ARGV[1] .. ':' .. ARGV[8])
end

for i = 1, events do
  local at = 11 + 3 * entries + 2 * velocities + 4 * i
  local event = ARGV[at]
  if call('EXISTS', event_of(event)) == 0 then
    call('HSET', event_of(event), 's', 'ow' .. ARGV[at + 1], 'p', ARGV[at + 2], 'v', ARGV[at + 3], 'h', id)
    line_up(id, event, ARGV[8])
  end
end

for i = 1, operations do
  local at = 12 + 3 * entries + 2 * velocities + 4 * events + 3 * i
  local all, operation, answer = prefix .. 'p:' .. id, ARGV[at], ARGV[at + 2]
  local kept = call('HGET', all, operation)
  local settles = answer ~= '' and not (kept and is_settled(kept))
  if settles or not kept then call('HSET', all, operation, (kept or ARGV[at + 1]) .. answer) end
  if settles then call('RPUSH', KEYS[3], ARGV[8] .. ':' .. id .. ' ' .. operation) end
end
return 'done'
