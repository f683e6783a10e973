#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "stores/census.hpp"
#include "stores/events.hpp"

namespace tollgate::test {

/// What stores/events.hpp says of an EventStore, on a map in memory and at once, as MemoryCharges does for charges. Leases are
/// counted by the callers' `now`; what was settled `retention` before the latest time anybody told is gone.
class MemoryEvents {
public:
    using State = StoredEvent::State;

    Milliseconds retention = std::chrono::days(35);

    Accepted accept(const Event& event, Milliseconds lease) {
        saw(event.at);
        if (const auto known = records_.find(event.id); known != records_.end()) {
            return known->second.stored.event.fingerprint == event.fingerprint ? Accepted::duplicate : Accepted::altered;
        }
        Record& record = add(event, EventQueue::incoming);
        record.stored.due_at = event.at;
        if (lease > Milliseconds(0)) hold(record, event.at + lease);
        return Accepted::fresh;
    }

    /// The outgoing events of a step that was written.
    void queue(const std::vector<Event>& events, WallTime now) {
        saw(now);
        for (const Event& event : events) {
            if (records_.contains(event.id)) continue;
            Record& record = add(event, EventQueue::outgoing);
            if (next_of(event.charge_id) == &record) record.stored.due_at = now;
        }
    }

    std::vector<StoredEvent> claim(EventQueue queue, WallTime now, Milliseconds lease, std::size_t limit) {
        saw(now);
        std::vector<Record*> due;
        for (auto& [id, record] : records_) {
            const bool waits = record.stored.event.queue == queue && record.stored.due_at && *record.stored.due_at <= now;
            if (waits && record.held_until.value_or(now) <= now) due.push_back(&record);
        }
        std::ranges::sort(due, {}, [](const Record* record) { return std::pair(*record->stored.due_at, record->place); });
        due.resize(std::min(due.size(), limit));
        std::vector<StoredEvent> claimed;
        for (Record* record : due) {
            hold(*record, now + lease);
            claimed.push_back(record->stored);
        }
        return claimed;
    }

    void count(Census& census, WallTime now) const {
        for (const auto& [id, record] : records_) {
            const StoredEvent& stored = record.stored;
            if (stored.state == State::dead) ++census.dead_letters;
            if (!stored.due_at) continue;
            Census::Queue& queue = stored.event.queue == EventQueue::incoming ? census.incoming : census.outgoing;
            ++queue.waiting;
            if (*stored.due_at <= now) queue.oldest_due = std::min(queue.oldest_due.value_or(now), *stored.due_at);
        }
    }

    void settle(const std::vector<Settlement>& settlements, WallTime now) {
        using Kind = Settlement::Kind;
        saw(now);
        for (const Settlement& settlement : settlements) {
            const auto at = records_.find(settlement.id);
            if (at == records_.end()) continue;
            Record& record = at->second;
            StoredEvent& stored = record.stored;
            if (!record.held_until || stored.claims != settlement.claim) continue;
            record.held_until.reset();
            stored.note = settlement.note;
            if (settlement.kind == Kind::retry || settlement.kind == Kind::dead) ++stored.failures;
            if (settlement.kind == Kind::wait || settlement.kind == Kind::retry) {
                stored.due_at = settlement.due_at.value_or(now);
                continue;
            }
            stored.state = settlement.kind == Kind::done ? State::done : State::dead;
            stored.due_at.reset();
            stored.settled_at = now;
            Record* const next = stored.event.queue == EventQueue::outgoing ? next_of(stored.event.charge_id) : nullptr;
            if (next != nullptr) next->stored.due_at = now;
        }
    }

    [[nodiscard]] const StoredEvent* find(const std::string& id) const {
        const auto at = records_.find(id);
        return at == records_.end() ? nullptr : &at->second.stored;
    }

    [[nodiscard]] Result<EventPage> dead_letters(const DeadLetterQuery& query) const {
        return page(query, std::greater<>(), [](const Record& record) { return record.stored.state == State::dead; });
    }

    [[nodiscard]] Result<EventPage> archive(const ArchiveQuery& query) const {
        return page(query, std::less<>(), [&query](const Record& record) {
            const Event& event = record.stored.event;
            return event.queue == EventQueue::incoming && query.from <= event.at && event.at < query.until;
        });
    }

    Replayed replay(const std::string& id, WallTime now) {
        saw(now);
        const auto at = records_.find(id);
        if (at == records_.end()) return Replayed::unknown;
        Record& record = at->second;
        StoredEvent& stored = record.stored;
        if (stored.state == State::waiting) return Replayed::waiting;
        stored.state = State::waiting;
        stored.failures = 0;
        stored.settled_at.reset();
        record.turn = ++turns_;
        if (stored.event.queue == EventQueue::incoming || next_of(stored.event.charge_id) == &record) stored.due_at = now;
        return Replayed::replayed;
    }

    /// For an owner that knows every earlier one to be dead.
    void end_leases() {
        for (auto& [id, record] : records_) record.held_until.reset();
    }

    /// Every event there is, in the order in which they came.
    [[nodiscard]] std::vector<StoredEvent> all() const {
        std::vector<const Record*> records;
        for (const auto& [id, record] : records_) records.push_back(&record);
        std::ranges::sort(records, {}, &Record::place);
        std::vector<StoredEvent> events;
        for (const Record* record : records) events.push_back(record->stored);
        return events;
    }

private:
    struct Record {
        StoredEvent stored;
        std::uint64_t place = 0;             // rises with every new event
        std::uint64_t turn = 0;              // the lowest of a charge's that wait goes first
        std::optional<WallTime> held_until;  // by a claim that was not settled
    };

    Record& add(const Event& event, EventQueue queue) {
        Record& record = records_[event.id];
        record.stored.event = event;
        record.stored.event.queue = queue;
        record.place = ++places_;
        record.turn = ++turns_;
        return record;
    }

    static void hold(Record& record, WallTime until) {
        ++record.stored.claims;
        record.held_until = until;
    }

    /// The one of a charge's outgoing events whose turn it is.
    Record* next_of(const std::string& charge_id) {
        Record* next = nullptr;
        for (auto& [id, record] : records_) {
            const Event& event = record.stored.event;
            const bool waits = event.queue == EventQueue::outgoing && record.stored.state == State::waiting;
            if (waits && event.charge_id == charge_id && (next == nullptr || record.turn < next->turn)) next = &record;
        }
        return next;
    }

    void saw(WallTime now) {
        latest_ = std::max(latest_, now);
        std::erase_if(records_, [&](const auto& entry) {
            const StoredEvent& stored = entry.second.stored;
            return stored.settled_at && *stored.settled_at + retention <= latest_;
        });
    }

    /// Those wanted, by time and place; the cursor is both of the last one given out.
    template <class Query, class Before, class Wanted>
    [[nodiscard]] Result<EventPage> page(const Query& query, Before before, Wanted wanted) const {
        const auto position = [](const Record* record) { return std::pair(record->stored.event.at, record->place); };
        std::vector<const Record*> fitting;
        for (const auto& [id, record] : records_) {
            if (wanted(record)) fitting.push_back(&record);
        }
        std::ranges::sort(fitting, before, position);
        if (!query.cursor.empty()) {
            const auto after = position_from(query.cursor);
            if (!after) return fail(Code::bad_request, "the cursor is not one that was given out");
            std::erase_if(fitting, [&](const Record* record) { return !before(*after, position(record)); });
        }
        EventPage page;
        for (const Record* record : fitting) {
            if (page.events.size() == query.limit) break;
            page.events.push_back(record->stored);
            const auto [at, place] = position(record);
            page.next_cursor = std::to_string(at.time_since_epoch().count()) + "." + std::to_string(place);
        }
        if (page.events.size() == fitting.size()) page.next_cursor.clear();
        return page;
    }

    [[nodiscard]] static std::optional<std::pair<WallTime, std::uint64_t>> position_from(const std::string& cursor) {
        std::int64_t at = 0;
        std::uint64_t place = 0;
        const char* const end = cursor.data() + cursor.size();
        const auto first = std::from_chars(cursor.data(), end, at);
        if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return std::nullopt;
        const auto second = std::from_chars(first.ptr + 1, end, place);
        if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
        return std::pair(WallTime(Milliseconds(at)), place);
    }

    std::map<std::string, Record> records_;
    std::uint64_t places_ = 0;
    std::uint64_t turns_ = 0;
    WallTime latest_{};
};

}  // namespace tollgate::test
