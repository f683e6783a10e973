-- What the scripts that write events have in common; it stands behind shared.lua. In their comments an event is its hash, whose
-- fields are named in event_rows.hpp.
--
-- Every entry of a stream is pending, from the moment it is added, for the one consumer of the one group: it may be claimed when
-- it has been idle for a `whole` day, and whoever holds it for a lease has its idle time set to a day less that lease. So leases
-- of any length, counted by this server's clock, stand side by side, and what is due at once goes the way of what a dead process
-- left.
local group, whole = 'tollgate', 86400000

local function event_of(id) return prefix .. 'e:' .. id end
local function stream_of(queue) return prefix .. 'e' .. queue end
local function later_of(queue) return prefix .. 'e' .. queue .. ':later' end
local function line_of(charge) return prefix .. 'eq:' .. charge end

-- A member of the archive or of the dead letters: they are ordered by its bytes.
local function place_of(at, id) return string.format('%015d:%s', at, id) end

-- Puts an event into its stream, and tells where: nobody but the caller is given it before the lease is over.
local function enqueue(queue, id, lease)
  local stream = stream_of(queue)
  local entry = call('XADD', stream, '*', 'e', id)
  local function hold(ask)
    return ask('XCLAIM', stream, group, group, 0, entry, 'IDLE', whole - lease, 'FORCE', 'JUSTID', 'LASTID', entry)
  end
  if hold(redis.pcall).err then
    call('XGROUP', 'CREATE', stream, group, 0)
    hold(call)
  end
  return entry
end

local function drop_entry(stream, entry)
  call('XACK', stream, group, entry)
  call('XDEL', stream, entry)
end

local function make_due(queue, id, due) call('HSET', event_of(id), 'd', due, 'i', enqueue(queue, id, 0)) end

-- An outgoing event is due when it is the first of its charge's.
local function line_up(charge, id, due)
  if call('RPUSH', line_of(charge), id) == 1 then make_due('o', id, due) end
end
