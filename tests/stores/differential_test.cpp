#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>

#include "store_under_test.hpp"
#include "support/memory_store.hpp"
#include "told.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr Milliseconds answer_ttl = minutes(10);
constexpr Milliseconds duplicates_window = minutes(5);

/// The same draws from the same seed, whatever the library.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    [[nodiscard]] std::size_t below(std::size_t end) { return engine_() % end; }
    [[nodiscard]] bool percent(std::size_t chance) { return below(100) < chance; }
    template <class Range>
    [[nodiscard]] auto of(const Range& range) {
        return *std::next(std::begin(range), static_cast<std::ptrdiff_t>(below(std::size(range))));
    }

private:
    std::mt19937_64 engine_;
};

/// Time as clocks tell it: mostly forward, often to the very moment at which something that lasts is over, and now and then
/// back.
class JumpyClock {
public:
    void tick(Dice& dice) {
        static const std::vector<Milliseconds> ahead{Milliseconds(0), Milliseconds(1), Milliseconds(999), seconds(1),
                                                     seconds(5)};
        static const std::vector<Milliseconds> back{Milliseconds(1), seconds(1), seconds(20)};
        if (now_ < latest_ && dice.percent(40)) {
            now_ = latest_;
        } else if (now_ == latest_ && dice.percent(8)) {
            now_ -= dice.of(back);
        } else if (dice.percent(20)) {
            now_ = std::max(now_, end_of_something(dice));
        } else {
            now_ += dice.of(ahead);
        }
        latest_ = std::max(latest_, now_);
        recent_[ticks_++ % recent_.size()] = now_;
    }

    [[nodiscard]] WallTime now() const noexcept { return now_; }
    [[nodiscard]] WallTime latest() const noexcept { return latest_; }
    /// What has outlived its time stays gone in one store and is there again in another.
    [[nodiscard]] bool stepped_back() const noexcept { return now_ < latest_; }

private:
    [[nodiscard]] WallTime end_of_something(Dice& dice) const {
        static const std::vector<Milliseconds> lasting{seconds(20), seconds(30), seconds(30), minutes(1), minutes(1)};
        static const std::vector<Milliseconds> long_lasting{duplicates_window, minutes(6), answer_ttl};
        const Milliseconds lasts = dice.of(dice.percent(88) ? lasting : long_lasting);
        return dice.of(recent_) + lasts - Milliseconds(static_cast<int>(dice.below(2)));
    }

    WallTime now_ = noon;
    WallTime latest_ = noon;
    std::array<WallTime, 6> recent_ = [] {
        std::array<WallTime, 6> all{};
        all.fill(noon);
        return all;
    }();
    std::size_t ticks_ = 0;
};

/// Draws operations that often meet: few keys, orders and customers, separators and odd bytes in all of them.
class Operations {
public:
    explicit Operations(std::uint64_t seed) : dice(seed) {}

    Dice dice;
    JumpyClock clock;

    [[nodiscard]] std::string tenant() { return dice.of(tenants); }
    [[nodiscard]] std::string order() { return dice.of(orders); }
    [[nodiscard]] ChargeStatus status() { return static_cast<ChargeStatus>(dice.below(9)); }

    [[nodiscard]] BeginCharge begin() {
        const std::string key = std::to_string(dice.below(10));
        BeginCharge begin = begin_of(key, clock.now());
        ChargeRow& row = begin.row;
        row.tenant = tenant();
        row.id = id_of(key, row.tenant);
        row.fingerprint = dice.percent(90) ? "payload" : "another payload";
        row.order_id = order();
        row.amount = dice.percent(75) ? 1 : 11;
        row.currency = dice.percent(75) ? "USD" : "JPY";
        row.state = bytes();
        if (dice.percent(10)) row.lease_until = clock.now();
        begin.answer_ttl = answer_ttl;
        begin.allow_duplicate = clock.stepped_back() || dice.percent(25);
        begin.duplicates_window = dice.percent(80) ? duplicates_window : Milliseconds(0);
        begin.admission = admission(row.tenant);
        return begin;
    }

    /// A step of this charge, or of one nobody began; mostly by its owner.
    [[nodiscard]] Transition step(const ChargeRow& row) {
        Transition step = step_of(row, bytes(), clock.now());
        if (dice.percent(15)) step.fence += dice.percent(50) ? 1 : -1;
        if (dice.percent(60)) step.status = status();
        step.live = dice.percent(60);
        if (dice.percent(30)) step.lease_until = clock.now() - Milliseconds(static_cast<int>(dice.below(2)));
        if (dice.percent(30)) {
            step.due_at.reset();
        } else if (dice.percent(40)) {
            step.due_at = clock.now() + minutes(1);
        }
        if (dice.percent(30)) step.answer = Answer{201 + static_cast<int>(dice.below(300)), bytes()};
        step.frees_key = dice.percent(25);
        for (std::size_t i = dice.below(4); i > 1; --i) {
            step.ledger.push_back({dice.of(ledger_types), "tx:" + std::to_string(dice.below(2)),
                                   static_cast<std::int64_t>(dice.below(5000)), row.currency});
        }
        if (dice.percent(40)) step.velocities = velocities(row.tenant);
        return step;
    }

    [[nodiscard]] ChargeQuery query() {
        ChargeQuery query{.tenant = tenant(), .order_id = "", .status = {}, .limit = 1 + dice.below(4), .cursor = ""};
        if (dice.percent(40)) query.order_id = order();
        if (dice.percent(40)) query.status = status();
        if (dice.percent(20)) query.limit = 100;
        if (dice.percent(15)) query.cursor = dice.of(odd_cursors);
        return query;
    }

private:
    [[nodiscard]] Admission admission(const std::string& tenant) {
        Admission admission;
        if (dice.percent(8)) admission.refusal = PaymentError(Code::circuit_open, "the gateway rests", seconds(7));
        if (dice.percent(70)) {
            admission.limit_key = tenant + "/" + customer();
            admission.limit = dice.of(policies);
        }
        if (dice.percent(60)) admission.velocities = velocities(tenant);
        return admission;
    }

    /// Some of the rules, each once.
    [[nodiscard]] std::vector<Velocity> velocities(const std::string& tenant) {
        std::vector<Velocity> some;
        for (const Velocity& rule : rules) {
            if (dice.percent(40)) continue;
            some.push_back(rule);
            some.back().key = tenant + "/" + rule.key + "/" + customer();
            if (dice.percent(10)) some.back().max = 1;  // as after another configuration
        }
        return some;
    }

    [[nodiscard]] std::string customer() { return dice.percent(50) ? "ann" : "bob:1"; }

    [[nodiscard]] std::string bytes() {
        static const std::vector<std::string> odd{"", std::string("zero \0 byte", 11), "{\"a\":\"\xc3\xbc\"}", "line\r\nbreak"};
        return dice.percent(30) ? dice.of(odd) : "state " + std::to_string(dice.below(1000));
    }

    const std::vector<std::string> tenants{"shop", "t{x}:1", "zo\xc3\xab/1", "1"};
    const std::vector<std::string> orders{"1", "11", "{o}:1/\xc3\xbc 1"};
    const std::vector<std::string> ledger_types{"authorize", "capture", "refund"};
    const std::vector<std::string> odd_cursors{"nonsense", "-1", "' OR 1 --"};
    // Whole microseconds a request: there every store says the same to the last one.
    const std::vector<GcraPolicy> policies{{1, minutes(6), 1}, {1, minutes(2), 3}, {3, minutes(6), 2}};
    const std::vector<Velocity> rules{
        {.key = "charges", .window = minutes(1), .max = 2},
        {.key = "failures", .window = minutes(10), .max = 3, .counts_begin = false},
        {.key = "none", .window = seconds(20), .max = 0},
        {.key = "many", .window = minutes(60), .max = 40},
    };
};

/// One seed's operations against one store, compared with the model after each.
class Trial {
public:
    Trial(const StoreKind& kind, std::uint64_t seed) : bench_(kind), draw_(seed), seed_(seed) {}

    void run(int steps) {
        for (step_ = 1; step_ <= steps; ++step_) {
            draw_.clock.tick(draw_.dice);
            const std::size_t what = draw_.dice.below(100);
            if (what < 40) {
                begin();
            } else if (what < 75) {
                advance();
            } else if (what < 80) {
                claim();
            } else if (what < 95) {
                page();
            } else {
                look(any_charge().id);
            }
        }
        for (const std::string& id : ids_) look(id);
    }

    /// What was met on the way: a run that never gets there shows nothing.
    [[nodiscard]] const std::set<std::string>& met() const noexcept { return met_; }

private:
    /// Two cursors of one walk.
    struct Walk {
        ChargeQuery query;
        std::string model;
        std::string store;
    };

    void begin() {
        const BeginCharge asked = draw_.begin();
        operation_ = told(asked);
        Result<Begun> expected = bench_.loop.run(model_.begin(asked));
        Result<Begun> actual = bench_.begin(asked);
        met_.insert(expected->limit && expected->error ? "limited" : told(expected->kind));
        if (expected->kind == Kind::fresh) {
            ids_.insert(asked.row.id);
            answered_.erase(asked.row.id);
        }
        if (actual) level(asked, *expected, *actual);
        compare(told(expected), told(actual));
        look(asked.row.id);
    }

    /// Makes alike what a store may tell in one way or the other.
    void level(const BeginCharge& asked, Begun& expected, Begun& actual) {
        for (Begun* begun : {&expected, &actual}) {
            forget_outlived(begun->row);
            if (begun->kind == Kind::replay && outlived(begun->row.id)) begun->kind = Kind::settled;
        }
        if (expected.kind == Kind::duplicate && actual.kind == Kind::duplicate) {
            if (is_earlier(asked, actual.row)) actual.row = expected.row;  // any that lives will do
        }
        if (!draw_.clock.stepped_back()) return;
        if (expected.velocities.size() != actual.velocities.size()) return;
        for (std::size_t i = 0; i < expected.velocities.size(); ++i) {
            const std::int64_t least = asked.admission.velocities[i].counts_begin ? 1 : 0;
            const std::int64_t told = actual.velocities[i];
            if (least <= told && told <= expected.velocities[i]) actual.velocities[i] = expected.velocities[i];
        }
    }

    [[nodiscard]] bool is_earlier(const BeginCharge& asked, ChargeRow row) {
        if (!model_.knows(row.id)) return false;
        ChargeRow known = model_.row(row.id);
        forget_outlived(known);
        const ChargeRow& wanted = asked.row;
        return told(row) == told(known) && row.id != wanted.id && row.live && row.tenant == wanted.tenant &&
               row.order_id == wanted.order_id && row.amount == wanted.amount && row.currency == wanted.currency &&
               asked.now - row.begun_at < asked.duplicates_window;
    }

    void advance() {
        Transition step = draw_.step(any_charge());
        if (last_step_ && draw_.dice.percent(8)) step = *last_step_;  // as after an answer that got lost
        last_step_ = step;
        operation_ = told(step);
        const Result<void> expected = bench_.loop.run(model_.advance(step));
        met_.insert("advance " + told(expected));
        if (expected && step.answer && !step.frees_key) answered_.try_emplace(step.id, step.now);
        compare(told(expected), told(bench_.advance(step)));
        look(step.id);
    }

    void claim() {
        const WallTime now = draw_.clock.now();
        operation_ = "at " + told(now) + " claim";
        const auto all = [&](ChargeStore& store) {
            auto rows = bench_.loop.run(store.claim(now, now + seconds(30), 1000));
            if (!rows) return told(rows);
            std::ranges::sort(*rows, {}, &ChargeRow::id);
            for (ChargeRow& row : *rows) forget_outlived(row);
            if (!rows->empty()) met_.insert("claimed");
            return told(*rows);
        };
        const std::string expected = all(model_);
        compare(expected, all(bench_.charges()));
    }

    void page() {
        Walk walk{.query = draw_.query(), .model = "", .store = ""};
        walk.model = walk.store = walk.query.cursor;
        if (!walks_.empty() && draw_.dice.percent(50)) {
            const auto at = walks_.begin() + static_cast<std::ptrdiff_t>(draw_.dice.below(walks_.size()));
            walk = *at;
            walks_.erase(at);
            met_.insert("walked on");
        }
        operation_ = told(walk.query);
        const auto ask = [&](ChargeStore& store, std::string& cursor) {
            ChargeQuery query = walk.query;
            query.cursor = cursor;
            Result<ChargePage> page = bench_.loop.run(store.page(query));
            if (page) {
                for (ChargeRow& row : page->rows) forget_outlived(row);
                cursor = page->next_cursor;
            }
            return told(page);
        };
        const std::string expected = ask(model_, walk.model);
        if (expected.starts_with("failed")) met_.insert("page " + expected);
        compare(expected, ask(bench_.charges(), walk.store));
        const bool goes_on = !expected.starts_with("failed") && !walk.model.empty();
        if (goes_on && walks_.size() < 8) walks_.push_back(walk);
    }

    /// The charge and its ledger as they now stand.
    void look(const std::string& id) {
        const auto standing = [&](ChargeStore& store) {
            auto row = bench_.loop.run(store.find(id));
            if (row && *row) forget_outlived(**row);
            return told(row) + " ledger " + told(bench_.loop.run(store.ledger(id)));
        };
        operation_ += "; find " + id;
        const std::string expected = standing(model_);
        compare(expected, standing(bench_.charges()));
    }

    /// One that was begun, with its owner's fence; now and then one that was not.
    [[nodiscard]] ChargeRow any_charge() {
        operation_.clear();
        if (!ids_.empty() && draw_.dice.percent(97)) return model_.row(draw_.dice.of(ids_));
        const std::string tenant = draw_.tenant();
        ChargeRow nobody;
        nobody.id = id_of("nobody", tenant);
        nobody.tenant = tenant;
        return nobody;
    }

    /// From then on a store clears the answer when it comes to it.
    [[nodiscard]] bool outlived(const std::string& id) const {
        const auto at = answered_.find(id);
        return at != answered_.end() && draw_.clock.latest() - at->second >= answer_ttl;
    }
    void forget_outlived(ChargeRow& row) const {
        if (outlived(row.id)) row.answer.reset();
    }

    void compare(const std::string& expected, const std::string& actual) const {
        if (expected == actual) return;
        FAIL("seed " << seed_ << ", step " << step_ << ": " << operation_ << "\n  the model: " << expected
                     << "\n  the store: " << actual);
    }

    Bench bench_;
    MemoryStore model_;
    Operations draw_;
    std::uint64_t seed_;
    int step_ = 0;
    std::string operation_;
    std::set<std::string> ids_;
    std::map<std::string, WallTime> answered_;
    std::vector<Walk> walks_;
    std::optional<Transition> last_step_;
    std::set<std::string> met_;
};

/// For a long hunt by hand: TOLLGATE_SEED=17 TOLLGATE_STEPS=100000.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("every store does what the model does, operation for operation") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const std::uint64_t first = from_environment("TOLLGATE_SEED", 1);
    const int steps = static_cast<int>(from_environment("TOLLGATE_STEPS", 700));
    INFO(kind.name);
    for (std::uint64_t seed = first; seed < first + 3; ++seed) {
        Trial trial(kind, seed);
        trial.run(steps);
        for (const char* what :
             {"fresh", "taken_over", "replay", "settled", "in_flight", "reused", "duplicate", "refused", "limited",
              "advance done", "advance failed: lease_lost", "claimed", "walked on", "page failed: bad_request"}) {
            INFO(what);
            CHECK(trial.met().contains(what));
        }
    }
}
