-- For wrk: every request is a charge of its own. The argument makes the keys of this run differ from those of others.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  prefix = args[1] .. "-" .. number .. "-"
  count = 0
  headers = {["Content-Type"] = "application/json"}
end

function request()
  count = count + 1
  local name = prefix .. count
  headers["Idempotency-Key"] = "key-" .. name
  return wrk.format("POST", "/charge", headers,
    '{"order_id":"ord-' .. name .. '","amount":4999,"currency":"USD","payment_method":"tok_visa","customer":{"id":"cus-' .. name ..
    '","email":"ann@example.com","country":"US"},"items":[{"sku":"SKU-1","quantity":1}],"metadata":{"cart":"c-' .. name .. '"}}')
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("p50_ms=%.1f p99_ms=%.1f failed=%d\n", latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
