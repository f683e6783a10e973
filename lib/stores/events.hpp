#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "core/time.hpp"

/// The seam to what must not be lost on its way in or out: events of gateways, archived and queued before they are answered,
/// and the shop's events, written in the transition of the state they tell of (`Transition::events`). Each operation is one
/// atomic transition, as in ports.hpp, and may run twice.
namespace tollgate {

enum class EventQueue : std::uint8_t {
    incoming,  // from gateways; in no order
    outgoing,  // to the shop; those of one charge one after the other, in the order they were written
};

struct Event {
    std::string id;  // ours: derived, so that the same event has the same; its place follows from the two characters behind "_"
    EventQueue queue = EventQueue::incoming;
    std::string source;       // incoming: the name of the webhook source
    std::string name;         // incoming: the sender's own id of it
    std::string type;         // as the sender, or we, call it
    std::string charge_id;    // outgoing: whose
    std::string fingerprint;  // of the bytes that came; others under the same id are told apart by it
    std::string body;         // what is applied or sent
    WallTime at{};            // when it came in or was written

    friend bool operator==(const Event&, const Event&) = default;
};

/// An event as it stands. One that waits is taken up when it is due and nobody holds it: by whoever claims it, under the
/// number of that claim, for the length of a lease.
struct StoredEvent {
    enum class State : std::uint8_t { waiting, done, dead };

    Event event;
    State state = State::waiting;
    std::int64_t claims = 0;         // rises with every claim; what is settled under an older one is not written
    int failures = 0;                // tries that failed
    std::optional<WallTime> due_at;  // while it waits, held or not; none: another event of its charge goes first
    std::string note;                // what the last try came to; a replay leaves it
    std::optional<WallTime> settled_at;

    friend bool operator==(const StoredEvent&, const StoredEvent&) = default;
};

[[nodiscard]] std::string_view name(EventQueue queue) noexcept;          // "incoming", "outgoing"
[[nodiscard]] std::string_view name(StoredEvent::State state) noexcept;  // "waiting", "done", "dead"

enum class Accepted : std::uint8_t {
    fresh,      // archived and queued, due since its `at`; with a lease the caller holds it under claim 1
    duplicate,  // it is here already, with the same fingerprint; nothing was written
    altered,    // its id is here already, with another fingerprint; nothing was written
};

/// What a try of a claimed event came to. It uses the claim up: told twice, it counts once.
struct Settlement {
    enum class Kind : std::uint8_t {
        done,   // nothing is left to do
        wait,   // its time has not come: due again at `due_at`; no try was made
        retry,  // the try failed: one failure more, and due again at `due_at`
        dead,   // given up, with one failure more, until somebody replays it
    };
    std::string id;
    std::int64_t claim = 0;  // the number it was claimed under
    Kind kind = Kind::done;
    std::optional<WallTime> due_at;  // of `wait` and `retry`
    std::string note;                // for people
};

/// Of all events, the newest first as far as the store can tell.
struct DeadLetterQuery {
    std::size_t limit = 20;  // 1 … 100
    std::string cursor;      // as given out; empty: from the newest
};

/// Of the archive of incoming events, the oldest first: those with `from <= at < until`.
struct ArchiveQuery {
    WallTime from{};
    WallTime until{};
    std::size_t limit = 100;  // 1 … 100
    std::string cursor;       // as given out; empty: from the oldest
};

struct EventPage {
    std::vector<StoredEvent> events;
    std::string next_cursor;  // empty: that was the last page. A page may be short, or empty, though another one follows
};

enum class Replayed : std::uint8_t {
    replayed,  // it waits again and is due at once, with no failure to its name; its claims go on rising
    waiting,   // it waits already; nothing was written
    unknown,   // it never came, or has outlived its retention
};

class EventStore {
public:
    virtual ~EventStore() = default;

    /// Archive, deduplication and queue entry of an incoming event at once. `lease` above 0: the caller works on it now, and
    /// another one may claim it afterwards. The event is known as long as it waits, and for the whole of the store's
    /// retention after it was settled.
    virtual Task<Result<Accepted>> accept(Event event, Milliseconds lease) = 0;

    /// Events that are due and that nobody holds, the longest waiting first as far as the store can tell; each is the
    /// caller's for `lease`. A store may count leases by its own clock.
    virtual Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                         std::size_t limit) = 0;

    /// What claimed events came to, any number of them. One whose claim is not the event's own any more, or was settled, is
    /// passed over; a lease that has run out does no harm as long as nobody claimed it since. When an outgoing one is done or
    /// dead, the next of its charge is due since `now`. When it fails, some of them may have been written.
    virtual Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) = 0;

    virtual Task<Result<std::optional<StoredEvent>>> find(std::string id) = 0;

    /// Both fail with `bad_request` for a cursor this store did not give out.
    virtual Task<Result<EventPage>> dead_letters(DeadLetterQuery query) = 0;
    virtual Task<Result<EventPage>> archive(ArchiveQuery query) = 0;

    /// Puts an event that is done or dead back into its queue; an outgoing one behind those of its charge that wait.
    virtual Task<Result<Replayed>> replay(std::string id, WallTime now) = 0;
};

}  // namespace tollgate
