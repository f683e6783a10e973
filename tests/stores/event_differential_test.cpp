#include <catch2/catch.hpp>
#include <set>

#include "event_operations.hpp"
#include "support/memory_store.hpp"
#include "told.hpp"
#include "trial.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Operations on events, and on charges whose steps write them.
class EventTrial final : public Trial {
public:
    EventTrial(const StoreKind& kind, std::uint64_t seed) : Trial(seed), bench_(kind), draw_(seed) {
        for (const char* key : {"a", "b", "c"}) {
            BeginCharge begin = begin_of(key);
            begin.row.lease_until = noon + std::chrono::days(1000);
            charges_.push_back(bench_.begin(begin).value().row);
            bench_.loop.run(model_.begin(begin)).value();
        }
    }

private:
    void step() override {
        draw_.tick();
        const std::size_t what = draw_.dice.below(100);
        if (what < 25) {
            accept();
        } else if (what < 40) {
            advance();
        } else if (what < 58) {
            claim();
        } else if (what < 80) {
            settle();
        } else if (what < 88) {
            replay();
        } else if (what < 92) {
            dead_letters();
        } else if (what < 96) {
            archive();
        } else if (what < 98) {
            expire();
        } else {
            look(any_event());
        }
    }

    void look_at_all() override {
        for (const StoredEvent& stored : model_.events.all()) look(stored.event.id);
    }

    void accept() {
        const Event event = draw_.incoming_event();
        const Milliseconds lease = draw_.dice.percent(50) ? EventOperations::lease : Milliseconds(0);
        operation_ = "accept " + told(event) + (lease > Milliseconds(0) ? " held" : "");
        const Accepted expected = model_.events.accept(event, lease);
        if (expected == Accepted::fresh && lease > Milliseconds(0)) held_.emplace_back(event.id, 1);
        met_.insert(told(expected));
        compare(told(expected), told(bench_.accept(event, lease)));
        look(event.id);
    }

    void advance() {
        const Transition step = draw_.step(draw_.dice.of(charges_));
        operation_ = told(step);
        const std::size_t before = model_.events.all().size();
        const Result<void> expected = bench_.loop.run(model_.advance(step));
        met_.insert("advance " + told(expected));
        if (expected && model_.events.all().size() < before + step.events.size()) met_.insert("told again");
        compare(told(expected), told(bench_.advance(step)));
        for (const Event& event : step.events) look(event.id);
    }

    void claim() {
        const EventQueue queue = draw_.dice.percent(60) ? EventQueue::incoming : EventQueue::outgoing;
        operation_ = "at " + told(draw_.now()) + " claim " + std::string(name(queue));
        std::vector<StoredEvent> expected = model_.events.claim(queue, draw_.now(), EventOperations::lease, 1000);
        for (const StoredEvent& stored : expected) held_.emplace_back(stored.event.id, stored.claims);
        if (!expected.empty()) met_.insert("claimed " + std::string(name(queue)));
        // A store that lies in several places may need several looks.
        std::vector<StoredEvent> actual;
        for (;;) {
            const std::vector<StoredEvent> some = bench_.claim_events(queue, draw_.now(), 100, EventOperations::lease);
            if (some.empty() || actual.size() > 1000) break;
            actual.insert(actual.end(), some.begin(), some.end());
        }
        const auto by_id = [](const StoredEvent& stored) { return stored.event.id; };
        std::ranges::sort(expected, {}, by_id);
        std::ranges::sort(actual, {}, by_id);
        compare(told(expected), told(actual));
    }

    void settle() {
        std::vector<Settlement> settlements;
        for (std::size_t i = draw_.dice.below(6); i > 0; --i) {
            if (held_.empty()) continue;
            const std::size_t at = draw_.dice.below(held_.size());
            settlements.push_back(draw_.settlement(held_[at].first, held_[at].second));
            if (draw_.dice.percent(80)) held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));  // else told twice
        }
        if (draw_.dice.percent(10)) settlements.push_back(draw_.settlement(incoming_id("nobody's"), 1));
        operation_ = "at " + told(draw_.now()) + " settle " + told(settlements);
        for (const Settlement& settlement : settlements) met_.insert(told(settlement.kind));
        model_.events.settle(settlements, draw_.now());
        compare("done", told(bench_.settle(settlements, draw_.now())));
        for (const Settlement& settlement : settlements) look(settlement.id);
    }

    void replay() {
        const std::string id = any_event();
        operation_ = "at " + told(draw_.now()) + " replay " + id;
        const Replayed expected = model_.events.replay(id, draw_.now());
        met_.insert(told(expected));
        compare(told(expected), told(bench_.replay(id, draw_.now())));
        look(id);
    }

    void dead_letters() {
        operation_ = "dead letters";
        const DeadLetterQuery query{.limit = draw_.limit(), .cursor = ""};
        walk(query, [](const DeadLetterQuery& asked, EventStore& store) { return store.dead_letters(asked); });
    }

    void archive() {
        const ArchiveQuery query = draw_.archive_query();
        operation_ = "archive from " + told(query.from) + " until " + told(query.until);
        walk(query, [](const ArchiveQuery& asked, EventStore& store) { return store.archive(asked); });
    }

    /// All pages at once, by id: where events are as old as each other, each store has an order of its own.
    template <class Query, class Ask>
    void walk(const Query& query, Ask ask) {
        const auto all = [&](EventStore& store) {
            const auto page = [&](const Query& asked) { return bench_.loop.run(ask(asked, store)); };
            std::vector<StoredEvent> events = all_pages(query, page);
            if (events.size() > query.limit) met_.insert("several pages");
            std::ranges::sort(events, {}, [](const StoredEvent& stored) { return stored.event.id; });
            return told(events);
        };
        const std::string expected = all(model_.event_store());
        compare(expected, all(bench_.events()));
        operation_ += "; census";
        compare(told(bench_.loop.run(model_.census(draw_.now())).value()), told(bench_.census(draw_.now())));
    }

    void expire() {
        draw_.outlast_leases();
        bench_.store->expire_event_leases();
        met_.insert("expired");
    }

    void look(const std::string& id) {
        operation_ += "; find " + id;
        const StoredEvent* const known = model_.events.find(id);
        const std::optional<StoredEvent> actual = bench_.find_event(id);
        compare(known == nullptr ? "none" : told(*known), told(actual));
    }

    [[nodiscard]] std::string any_event() {
        operation_.clear();
        const std::vector<StoredEvent> all = model_.events.all();
        if (all.empty() || draw_.dice.percent(10)) return incoming_id("nobody's");
        return draw_.dice.of(all).event.id;
    }

    EventBench bench_;
    MemoryStore model_;
    EventOperations draw_;
    std::vector<ChargeRow> charges_;
    std::vector<std::pair<std::string, std::int64_t>> held_;  // who was claimed, and under which number
};

}  // namespace

TEST_CASE("every store does with events what the model does, operation for operation") {
    compare_with_model<EventTrial>(
        GENERATE(from_range(store_kinds())),
        {"fresh", "duplicate", "altered", "advance done", "advance failed: lease_lost", "told again", "claimed incoming",
         "claimed outgoing", "done", "wait", "retry", "dead", "replayed", "waiting", "unknown", "several pages", "expired"});
}
