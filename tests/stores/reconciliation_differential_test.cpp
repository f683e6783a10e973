#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "operations.hpp"
#include "store_under_test.hpp"
#include "support/memory_store.hpp"
#include "told.hpp"
#include "trial.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::sys_days;

namespace {

/// Ledgers of days, and who compares them.
class ReconciliationTrial final : public Trial {
public:
    ReconciliationTrial(const StoreKind& kind, std::uint64_t seed) : Trial(seed), bench_(kind), draw_(seed) {}

private:
    /// A day that is read page by page, while others go on writing.
    struct Walk {
        LedgerQuery query;
        std::set<std::string> before;  // what was there when it began
        std::set<std::string> told;
    };

    void step() override {
        draw_.clock.tick(draw_.dice);
        const std::size_t what = draw_.dice.below(100);
        if (what < 15) {
            begin();
        } else if (what < 45) {
            advance();
        } else if (what < 62) {
            walk_on();
        } else if (what < 72) {
            claim();
        } else if (what < 80) {
            extend();
        } else if (what < 88) {
            finish();
        } else if (what < 93) {
            note();
        } else if (what < 95) {
            odd_cursor();
        } else {
            look(draw_.day());
        }
    }

    void look_at_all() override {
        for (int i = 0; i < 40; ++i) look(draw_.day());
        for (const std::string& id : ids_) {
            operation_ = "ledger of " + id;
            const auto ledger = [&](ChargeStore& store) { return told(bench_.loop.run(store.ledger(id))); };
            compare(ledger(model_), ledger(bench_.charges()));
        }
    }

    void begin() {
        const BeginCharge asked = draw_.begin();
        const Result<Begun> begun = bench_.loop.run(model_.begin(asked));
        (void)bench_.begin(asked);
        if (begun->kind == Begun::Kind::fresh) ids_.insert(asked.row.id);
    }

    void advance() {
        if (ids_.empty()) return;
        const Transition step = draw_.step(model_.row(draw_.dice.of(ids_)));
        operation_ = told(step);
        const Result<void> expected = bench_.loop.run(model_.advance(step));
        compare(told(expected), told(bench_.advance(step)));
    }

    void walk_on() {
        if (walks_.size() < 4) {
            const sys_days day = draw_.day();
            walks_.push_back({.query = {.day = day, .limit = 1 + draw_.dice.below(3), .cursor = ""}, .before = all_of(day)});
        }
        const auto at = walks_.begin() + static_cast<std::ptrdiff_t>(draw_.dice.below(walks_.size()));
        const bool ended = read_on(*at);
        if (!ended) return;
        check(*at);
        walks_.erase(at);
    }

    /// Until there is something to tell; whether it has come to the end.
    bool read_on(Walk& walk) {
        operation_ = "walk on " + told(WallTime(walk.query.day)) + " from '" + walk.query.cursor + "'";
        for (int pages = 0; pages < 100; ++pages) {
            const Result<LedgerPage> page = bench_.loop.run(books().ledger_of(walk.query));
            if (!page) compare("a page", told(page.error()));
            if (page->entries.size() > walk.query.limit) compare("at most as many as were asked for", told(page->entries));
            for (const BookedEntry& entry : page->entries) {
                if (!walk.told.insert(told(entry)).second) compare("nothing is told twice", told(entry));
            }
            walk.query.cursor = page->next_cursor;
            if (walk.query.cursor.empty()) return true;
            if (!page->entries.empty()) return false;
        }
        compare("an end", "none");
        return true;
    }

    /// What was there at the beginning was told, and nothing that is not there.
    void check(const Walk& walk) {
        std::set<std::string> now = all_of(walk.query.day);
        if (!std::ranges::includes(walk.told, walk.before) || !std::ranges::includes(now, walk.told)) {
            compare(told(std::vector(now.begin(), now.end())), told(std::vector(walk.told.begin(), walk.told.end())));
        }
        if (walk.told.size() > walk.query.limit) met_.insert("a day of several pages");
        if (walk.told.size() > walk.before.size()) met_.insert("a day written to while it is read");
        const std::set<std::string> tenants = tenants_of(walk.told);
        if (tenants.size() > 1) met_.insert("a day of several tenants");
        if (walk.query.day < draw_.clock.now() - std::chrono::days(30) && !walk.told.empty()) met_.insert("a day long ago");
    }

    [[nodiscard]] static std::set<std::string> tenants_of(const std::set<std::string>& entries) {
        std::set<std::string> places;
        for (const std::string& entry : entries) places.insert(entry.substr(0, 5));
        return places;
    }

    /// What the model has, in one page.
    [[nodiscard]] std::set<std::string> all_of(sys_days day) const {
        std::set<std::string> all;
        const LedgerPage page = model_.charges.ledger_of({.day = day, .limit = 100'000, .cursor = ""}).value();
        for (const BookedEntry& entry : page.entries) all.insert(told(entry));
        return all;
    }

    void claim() {
        const sys_days day = draw_.day();
        const WallTime now = draw_.clock.now();
        const WallTime lease_until = now + (draw_.dice.percent(80) ? std::chrono::seconds(30) : std::chrono::seconds(0));
        const bool unless_done = draw_.dice.percent(30);
        const WallTime done_since = unless_done ? now - std::chrono::seconds(60) : WallTime::max();
        operation_ = "at " + told(now) + " claim the run of " + told(WallTime(day));
        const bool again = fence_of(day) > 0;
        const auto ask = [&](ReconciliationStore& store) {
            const auto fence = bench_.loop.run(store.claim_run(day, now, lease_until, done_since));
            return fence.has_value() && *fence ? "fence " + std::to_string(**fence) : told(fence);
        };
        const std::string expected = ask(model_.reconciliation_store());
        if (expected == "none") met_.insert(unless_done ? "not claimed, unless done since" : "not claimed");
        if (expected != "none" && again) met_.insert("taken over");
        compare(expected, ask(books()));
        look(day);
    }

    void extend() {
        const sys_days day = draw_.day();
        const std::uint64_t fence = any_fence(day);
        const WallTime until = draw_.clock.now() + std::chrono::seconds(draw_.dice.below(60));
        operation_ = "extend " + told(WallTime(day)) + " fence " + std::to_string(fence) + " until " + told(until);
        const auto ask = [&](ReconciliationStore& store) { return told(bench_.loop.run(store.extend_run(day, fence, until))); };
        const std::string expected = ask(model_.reconciliation_store());
        met_.insert("extend " + expected);
        compare(expected, ask(books()));
        look(day);
    }

    void finish() {
        const sys_days day = draw_.day();
        const std::uint64_t fence = any_fence(day);
        const WallTime now = draw_.clock.now();
        const std::string report = draw_.dice.percent(20) ? "" : std::string("{\"a\":\"\xc3\xbc\0\r\n\"}", 13) + told(now);
        operation_ = "at " + told(now) + " finish " + told(WallTime(day)) + " fence " + std::to_string(fence);
        const auto ask = [&](ReconciliationStore& store) {
            return told(bench_.loop.run(store.finish_run(day, fence, report, now)));
        };
        const std::string expected = ask(model_.reconciliation_store());
        met_.insert("finish " + expected);
        compare(expected, ask(books()));
        look(day);
    }

    void note() {
        const sys_days day = draw_.day();
        const std::string action = any_action();
        operation_ = "note " + action + " on " + told(WallTime(day));
        const auto ask = [&](ReconciliationStore& store) { return told(bench_.loop.run(store.note_action(day, action))); };
        compare(ask(model_.reconciliation_store()), ask(books()));
    }

    void odd_cursor() {
        // The last three are of other lists of the stores.
        static const std::vector<std::string> odd{"nonsense",
                                                  "-1",
                                                  "' OR 1 --",
                                                  "rl",
                                                  "rl0",
                                                  "rl00",
                                                  "rl00-1",
                                                  "rl0001",
                                                  "rl640",
                                                  "rl001x",
                                                  "sq",
                                                  "sq1",
                                                  "sq0.1",
                                                  "sq1.0",
                                                  "sq86400001.1",
                                                  "sq1.1.1",
                                                  "sq1795341600000.1",
                                                  "rd17",
                                                  "rs001"};
        const LedgerQuery query{.day = draw_.day(), .limit = 10, .cursor = draw_.dice.of(odd)};
        operation_ = "cursor " + query.cursor;
        const auto page = bench_.loop.run(books().ledger_of(query));
        compare("failed: bad_request", page ? "taken for one" : "failed: " + told(page.error()));
        met_.insert("odd cursor");
    }

    /// A day's run, and one of its notes.
    void look(sys_days day) {
        const std::string action = any_action();
        operation_ += "; look at " + told(WallTime(day)) + " for " + action;
        const auto standing = [&](ReconciliationStore& store) {
            const Result<bool> noted = bench_.loop.run(store.is_noted(day, action));
            if (noted.has_value() && *noted) met_.insert("noted");
            return told(bench_.loop.run(store.find_run(day))) + (noted.value() ? " noted" : " not noted");
        };
        const std::string expected = standing(model_.reconciliation_store());
        compare(expected, standing(books()));
    }

    [[nodiscard]] std::uint64_t fence_of(sys_days day) const {
        const std::optional<ReconciliationRun> run = model_.reconciliation.find_run(day);
        return run ? run->fence : 0;
    }
    /// Mostly the run's own.
    [[nodiscard]] std::uint64_t any_fence(sys_days day) {
        const std::uint64_t fence = fence_of(day);
        if (draw_.dice.percent(75)) return fence;
        return draw_.dice.percent(50) && fence > 0 ? fence - 1 : fence + 1;
    }
    [[nodiscard]] std::string any_action() {
        return "page:" + std::to_string(draw_.dice.below(3)) + (draw_.dice.percent(50) ? " \xc3\xbc" : "");
    }
    [[nodiscard]] ReconciliationStore& books() { return bench_.books(); }

    Bench bench_;
    MemoryStore model_;
    Operations draw_;
    std::set<std::string> ids_;
    std::vector<Walk> walks_;
};

}  // namespace

TEST_CASE("every store tells the ledger of a day and keeps its runs like the model") {
    compare_with_model<ReconciliationTrial>(
        GENERATE(from_range(store_kinds())),
        {"a day of several pages", "a day written to while it is read", "a day of several tenants", "a day long ago",
         "taken over", "not claimed", "not claimed, unless done since", "extend done", "extend failed: lease_lost",
         "finish done", "finish failed: lease_lost", "odd cursor", "noted"});
}
