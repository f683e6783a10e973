#pragma once

#include <string>
#include <string_view>

#include "net/redis/reply.hpp"
#include "stores/events.hpp"

/// How an event lies in its hash. As with charges, what no script looks at is kept together.
///
///     s  standing: queue (i, o) and state (w waiting, d done, x dead), and `at`: "iw1795341600000"
///     p  fingerprint                v  source, name and type behind their lengths, and the body: "6:stripe5:evt_14:type{…}"
///     h  charge id, of outgoing     n  nonce of its accept or last replay, so that a repetition of that is told the same
///     d  due_at, while it waits, unless another event of its charge goes first
///     i  its entry in the stream, while it waits and is due; empty while it is due later
///     c  claims                     u  the last of them, until it was settled
///     f  failures                   t  note          z  settled_at
namespace tollgate::redis {

/// 'i' or 'o'.
[[nodiscard]] char letter_of(EventQueue queue) noexcept;
[[nodiscard]] std::string event_value(const Event& event);

/// From HGETALL; what is not there is as in an empty event.
[[nodiscard]] StoredEvent read_event(std::string_view id, ReplyView fields);

}  // namespace tollgate::redis
