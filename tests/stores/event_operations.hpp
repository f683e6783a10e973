#pragma once

#include <string>

#include "events_under_test.hpp"
#include "operations.hpp"

/// Random operations on events for stores to disagree about.
namespace tollgate::test {

/// Few senders, names and charges, so that operations meet; odd bytes wherever they may stand.
class EventOperations {
public:
    explicit EventOperations(std::uint64_t seed) : dice(seed) {}

    /// Longer than any stretch without an expiry lasts, by any clock.
    static constexpr Milliseconds lease = std::chrono::hours(1);

    Dice dice;

    [[nodiscard]] WallTime now() const noexcept { return now_; }
    void tick() {
        static const std::vector<Milliseconds> ahead{Milliseconds(0), Milliseconds(1), Milliseconds(999),
                                                     seconds_(1),     seconds_(5),     seconds_(10)};
        now_ += dice.of(ahead);
    }
    /// Every lease that was given until now is over.
    void outlast_leases() { now_ += lease; }

    [[nodiscard]] Event incoming_event() {
        Event event = incoming(std::to_string(dice.below(60)), now_, "");
        if (dice.percent(10)) event.fingerprint = "of other bytes";
        event.source = bytes();
        event.type = bytes();
        event.body = bytes();
        if (dice.percent(20)) event.at = now_ - Milliseconds(static_cast<int>(dice.below(2000)));
        return event;
    }

    /// A step of the charge that tells the shop one to three things, some of them known already.
    [[nodiscard]] Transition step(const ChargeRow& row) {
        Transition step = step_of(row, "told", now_);
        if (dice.percent(15)) step.fence += 1;
        for (std::size_t i = dice.below(3) + 1; i > 0; --i) {
            Event event = outgoing(row.idempotency_key + "." + std::to_string(dice.below(40)), row.idempotency_key, now_);
            event.body = bytes();
            step.events.push_back(event);
        }
        return step;
    }

    /// What became of an event that was claimed under this number, or, now and then, another one.
    [[nodiscard]] Settlement settlement(const std::string& id, std::int64_t claim) {
        Settlement settlement{.id = id, .claim = claim, .kind = Settlement::Kind::done, .due_at = {}, .note = bytes()};
        if (dice.percent(15)) settlement.claim += dice.percent(50) ? 1 : -1;
        settlement.kind = static_cast<Settlement::Kind>(dice.below(4));
        static const std::vector<Milliseconds> later{Milliseconds(0), Milliseconds(1), seconds_(5), seconds_(60)};
        const bool waits = settlement.kind == Settlement::Kind::wait || settlement.kind == Settlement::Kind::retry;
        if (waits) settlement.due_at = now_ + dice.of(later);
        return settlement;
    }

    [[nodiscard]] ArchiveQuery archive_query() {
        const WallTime from = now_ - seconds_(static_cast<int>(dice.below(600)));
        return {.from = from, .until = from + seconds_(static_cast<int>(dice.below(300))), .limit = limit(), .cursor = ""};
    }
    [[nodiscard]] std::size_t limit() { return dice.percent(80) ? 1 + dice.below(4) : 100; }

private:
    static Milliseconds seconds_(int count) { return std::chrono::seconds(count); }

    [[nodiscard]] std::string bytes() {
        static const std::vector<std::string> odd{"", std::string("zero \0 byte", 11), "{\"a\":\"\xc3\xbc\"}", "line\r\nbreak",
                                                  ":1"};
        return dice.percent(30) ? dice.of(odd) : "bytes " + std::to_string(dice.below(1000));
    }

    WallTime now_ = noon;
};

}  // namespace tollgate::test
