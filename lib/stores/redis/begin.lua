-- A key is begun, taken over, or answered as it stands (ports.hpp: ChargeStore::begin).
--
-- KEYS: row, due, seq, tenant's list, order's list, customer's list, living of the sale, status' list, told, limit, velocity…
-- ARGV: 1 now, 2 nonce, 3 id, 4 fingerprint, 5 sale, 6 key, 7 state, 8 lease, 9 standing, 10 "1": admission refuses,
--   11 duplicates window (0: off), 12 "1": duplicates allowed, 13 requests (0: no limit), 14 per in microseconds, 15 burst,
--   16 "1": leave a trace of a replay, 17 customer, 18 how many velocities, then for each: window, max, "1": counts
--   itself; audit.
-- Returns {what, the row or what is needed of it, …}: see begin_call.cpp.
local now, nonce, id, sale = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[5]
local customer, velocities = ARGV[17], tonumber(ARGV[18])
local audit = 19 + 3 * velocities
local ROW, DUE, LIVING, TOLD, LIMIT = KEYS[1], KEYS[2], KEYS[7], KEYS[9], KEYS[10]
local floor = math.floor

-- Whoever was told that nothing was begun must stay right, though another copy of this call may still arrive.
local function tell(what, more)
  call('SET', TOLD, '', 'PX', late)
  keep_audit(audit)
  return {what, more}
end

local function counts()
  local all = {}
  for i = 1, velocities do
    local at = 16 + 3 * i
    all[i] = call('ZCOUNT', KEYS[10 + i], '(' .. (now - tonumber(ARGV[at])), '+inf')
  end
  return all
end

-- floor(x * r / p) for x < p and r < p < 2^52, where the product may be beyond what a double holds exactly.
local function share(x, r, p)
  local product = x * r
  if product < 9007199254740992 then return floor(product / p) end
  local bit, quotient, rest = 1, 0, 0
  while bit * 2 <= x do bit = bit * 2 end
  while bit >= 1 do
    quotient, rest = quotient * 2, rest * 2
    if rest >= p then quotient, rest = quotient + 1, rest - p end
    if x >= bit then x, rest = x - bit, rest + r end
    if rest >= p then quotient, rest = quotient + 1, rest - p end
    bit = bit / 2
  end
  return quotient
end

-- resilience/gcra.cpp in doubles, to the last microsecond: a time is an interval of the grid of per / requests and the
-- microseconds after its start. Returns when the next request would be due, or nothing when this one comes too early.
local function gcra(tat, at, requests, per, burst)
  local shortest = floor(per / requests)
  local uneven = per - shortest * requests
  local function start_within(step) return step * shortest + share(step, uneven, requests) end
  local function start_of(interval)
    local whole = floor(interval / requests)
    return whole * per + start_within(interval - whole * requests)
  end
  local function place(time)
    local whole = floor(time / per)
    local within = time - whole * per
    local step = requests < per and share(within, requests, per) or within
    while step + 1 < requests and start_within(step + 1) <= within do step = step + 1 end
    local offset = within - start_within(step)
    if offset < shortest then return whole * requests + step, offset end
    return whole * requests + step + 1, 0
  end
  local here, here_offset = place(at)
  local arrival, offset = place(tat)
  if arrival < here or (arrival == here and offset <= here_offset) then arrival, offset = here, here_offset end
  -- So far ahead that the wait would be longer than a burst takes to come back: the clock has jumped back.
  local last = here + burst - 1
  if arrival > last + burst or (arrival == last + burst and offset > here_offset) then arrival, offset = last, here_offset end
  if arrival > last or (arrival == last and offset > here_offset) then return nil end
  return start_of(arrival + 1) + offset
end

local row = call('HMGET', ROW, 'f', 'n', 's', 'p', 'A', 'd', 'l', 'q', 'r', 'i', 'm', 'b', 'u', 'c')
local fence, owner, standing = row[1], row[2], row[3]

if fence and sub(owner, 2) == nonce then  -- this very call has been here before
  call('HSET', ROW, 'n', owner)
  keep_audit(audit)
  if sub(owner, 1, 1) == 't' then return {'t', call('HGETALL', ROW)} end
  return {'f', row[10], row[9] or '1', fence, row[12], false, counts()}
end

local was_told = call('EXISTS', TOLD) == 1

if fence and sub(standing, 3, 3) ~= '1' then
  if row[4] ~= ARGV[4] then return tell('r', call('HGETALL', ROW)) end
  if row[5] then
    if ARGV[16] == '1' then return tell('a', call('HGETALL', ROW)) end
    keep_audit(audit)
    return {'a', call('HGETALL', ROW)}
  end
  local due = row[6]
  if was_told or due == '' or tonumber(due) > now or tonumber(row[7]) > now then return tell('i', call('HGETALL', ROW)) end

  local lease = tonumber(ARGV[8])
  if lease < tonumber(due) then lease = tonumber(due) end
  keep_audit(audit)
  leave_trace_of(owner)
  call('HSET', ROW, 'f', tonumber(fence) + 1, 'n', 't' .. nonce, 'l', ARGV[8])
  call('ZADD', DUE, lease, id)
  return {'t', call('HGETALL', ROW)}
end

if ARGV[10] == '1' then
  keep_audit(audit)
  return {'x'}
end
if was_told then  -- a late copy: who asked has had an answer
  keep_audit(audit)
  return {'o'}
end

local window = tonumber(ARGV[11])
local older = false
if window > 0 and ARGV[12] ~= '1' then
  local living = call('ZRANGE', LIVING, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 2, 'WITHSCORES')
  for i = 1, #living, 2 do
    if living[i] ~= id and tonumber(living[i + 1]) > now - window then
      return tell('d', {living[i], call('HGETALL', prefix .. 'c:' .. living[i])})
    end
    older = true
  end
else
  older = true
end

local kept, next_tat = false, nil
local requests = tonumber(ARGV[13])
if requests > 0 then
  kept = call('GET', LIMIT) or '0'
  next_tat = gcra(tonumber(kept), now * 1000, requests, tonumber(ARGV[14]), tonumber(ARGV[15]))
  if not next_tat then return tell('l', kept) end
end

local known, mark, was, risk = fence and tonumber(fence) or 0, sub(ARGV[9], 1, 1), row[11], row[13]

-- From here on everything is written.
keep_audit(audit)
local seq, created, attempt
if fence then
  seq, attempt, created = row[8], tonumber(row[9] or '1') + 1, row[10]
  leave_trace_of(owner)
  if sub(standing, 2, 2) == '1' then call('ZREM', prefix .. 'l:' .. was, id) end
  local old_order = prefix .. 'o:' .. order_of(was)
  if old_order ~= KEYS[5] then
    call('ZREM', old_order, id)
    call('ZADD', KEYS[5], seq, id)
  end
  call('ZREM', list_of(letter_of(standing, risk), was), id)
  call('ZREM', prefix .. 'z', id)
  if risk then move_risk(was, risk, '') end
  if mark ~= succeeded then call('ZADD', KEYS[8], seq, id) end
  local old_customer = row[14] or ''
  if old_customer ~= customer and old_customer ~= '' then call('ZREM', prefix .. 'b:' .. old_customer, id) end
  call('HDEL', ROW, 'A', 'B', 'u')
  call('HSET', ROW, 'f', known + 1, 'n', 'f' .. nonce, 's', ARGV[9], 'd', ARGV[1], 'l', ARGV[8], 'p', ARGV[4], 'b', ARGV[1],
    'x', ARGV[7], 'm', sale, 'r', attempt, 'c', customer)
else
  seq, attempt, created = call('INCR', KEYS[3]), 1, ARGV[1] .. ' ' .. ARGV[6]
  call('HSET', ROW, 'f', '1', 'n', 'f' .. nonce, 's', ARGV[9], 'd', ARGV[1], 'l', ARGV[8], 'p', ARGV[4], 'b', ARGV[1],
    'x', ARGV[7], 'm', sale, 'q', seq, 'i', created, 'c', customer)
  call('ZADD', KEYS[4], seq, id)
  call('ZADD', KEYS[5], seq, id)
  if mark ~= succeeded then call('ZADD', KEYS[8], seq, id) end
  call('SADD', prefix .. 'n', tenant_of(sale))
end
if customer ~= '' then call('ZADD', KEYS[6], seq, id) end

local lease = tonumber(ARGV[8])
call('ZADD', DUE, lease > now and lease or now, id)

if sub(ARGV[9], 2, 2) == '1' then
  local life = window > 0 and window or 86400000
  if older then call('ZREMRANGEBYSCORE', LIVING, '-inf', now - life) end
  call('ZADD', LIVING, now, id)
  call('PEXPIRE', LIVING, life)
end

if next_tat then
  local left = math.ceil((next_tat - now * 1000) / 1000)
  call('SET', LIMIT, next_tat, 'PX', left > 1 and left or 1)
end

local event = id .. ':begun'
for i = 1, velocities do
  local at = 16 + 3 * i
  if ARGV[at + 2] == '1' then add_event(KEYS[10 + i], ARGV[1], ARGV[at], tonumber(ARGV[at + 1]), event) end
end
return {'f', created, attempt, known + 1, ARGV[1], kept, counts()}
