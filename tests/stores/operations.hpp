#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "store_under_test.hpp"

/// Random operations for stores to disagree about.
namespace tollgate::test {

inline constexpr Milliseconds answer_ttl = std::chrono::minutes(10);
inline constexpr Milliseconds duplicates_window = std::chrono::minutes(5);

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
        static const std::vector<Milliseconds> ahead{Milliseconds(0), Milliseconds(1), Milliseconds(999),
                                                     std::chrono::seconds(1), std::chrono::seconds(5)};
        static const std::vector<Milliseconds> back{Milliseconds(1), std::chrono::seconds(1), std::chrono::seconds(20)};
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
        static const std::vector<Milliseconds> lasting{std::chrono::seconds(20), std::chrono::seconds(30),
                                                       std::chrono::seconds(30), std::chrono::minutes(1),
                                                       std::chrono::minutes(1)};
        static const std::vector<Milliseconds> long_lasting{duplicates_window, std::chrono::minutes(6), answer_ttl};
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

    /// One of a few around today, and around the beginning of time.
    [[nodiscard]] std::chrono::sys_days day() { return dice.of(days); }

    [[nodiscard]] BeginCharge begin() {
        const std::string key = std::to_string(dice.below(10));
        BeginCharge begin = begin_of(key, clock.now());
        ChargeRow& row = begin.row;
        row.tenant = tenant();
        row.id = id_of(key, row.tenant);
        row.fingerprint = dice.percent(90) ? "payload" : "another payload";
        row.order_id = order();
        row.customer_id = dice.percent(90) ? customer() : "";
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
            step.due_at = clock.now() + std::chrono::minutes(1);
        }
        if (dice.percent(30)) step.answer = Answer{201 + static_cast<int>(dice.below(300)), bytes()};
        step.frees_key = dice.percent(25);
        for (std::size_t i = dice.below(4); i > 1; --i) {
            step.ledger.push_back({dice.of(ledger_types), "tx:" + std::to_string(dice.below(2)),
                                   static_cast<std::int64_t>(dice.below(5000)), row.currency});
            if (dice.percent(50)) step.ledger.back().moved_at = moved_at();
        }
        if (dice.percent(40)) step.velocities = velocities(row.tenant);
        if (dice.percent(40)) step.at_risk = {amount_at_risk(), amount_at_risk(), amount_at_risk()};
        return step;
    }

    [[nodiscard]] OperationRecord operation(const std::string& id) {
        OperationRecord record{.id = id, .fingerprint = dice.percent(80) ? "payload" : bytes(), .answer = {}};
        if (dice.percent(40)) record.answer = Answer{200 + static_cast<int>(dice.below(300)), bytes()};
        return record;
    }

    [[nodiscard]] ChargeQuery query() {
        ChargeQuery query{.tenant = tenant(), .order_id = "", .status = {}, .limit = 1 + dice.below(4), .cursor = ""};
        if (dice.percent(40)) query.order_id = order();
        if (dice.percent(40)) query.status = status();
        if (dice.percent(20)) query.limit = 100;
        if (dice.percent(15)) query.cursor = dice.of(odd_cursors);
        return query;
    }

    [[nodiscard]] SurveyQuery survey() {
        SurveyQuery query{.statuses = {}, .limit = 1 + dice.below(4), .cursor = ""};
        if (dice.percent(25)) {
            query.order_id = order();
            return query;
        }
        if (dice.percent(33)) {
            query.customer_id = customer();
            return query;
        }
        query.refunding = dice.percent(50);
        for (int i = 0; i < 9; ++i) {
            if (dice.percent(40)) query.statuses.push_back(static_cast<ChargeStatus>(i));
        }
        return query;
    }

private:
    [[nodiscard]] Admission admission(const std::string& tenant) {
        Admission admission;
        if (dice.percent(8)) admission.refusal = PaymentError(Code::circuit_open, "the gateway rests", std::chrono::seconds(7));
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

    /// Mostly on the edge of a day.
    [[nodiscard]] WallTime moved_at() {
        const WallTime midnight = day() + Milliseconds(0);
        if (dice.percent(30)) return midnight + std::chrono::hours(dice.below(24));
        return dice.percent(50) ? midnight : midnight + std::chrono::days(1) - Milliseconds(1);
    }

    [[nodiscard]] std::int64_t amount_at_risk() { return dice.percent(50) ? 0 : 1 + static_cast<std::int64_t>(dice.below(2)); }

    [[nodiscard]] std::string customer() { return dice.percent(50) ? "ann" : "bob:1"; }

    [[nodiscard]] std::string bytes() {
        static const std::vector<std::string> odd{"", std::string("zero \0 byte", 11), "{\"a\":\"\xc3\xbc\"}", "line\r\nbreak"};
        return dice.percent(30) ? dice.of(odd) : "state " + std::to_string(dice.below(1000));
    }

    const std::vector<std::string> tenants{"shop", "t{x}:1", "zo\xc3\xab/1", "1"};
    const std::vector<std::string> orders{"1", "11", "{o}:1/\xc3\xbc 1"};
    const std::vector<std::chrono::sys_days> days = [] {
        using std::chrono::days;
        return std::vector{today - days(1),        today, today, today + days(1), std::chrono::sys_days{} - days(1),
                           std::chrono::sys_days{}};
    }();
    const std::vector<std::string> ledger_types{"authorize", "capture", "refund"};
    const std::vector<std::string> odd_cursors{"nonsense", "-1", "' OR 1 --"};
    // Whole microseconds a request: there every store says the same to the last one.
    const std::vector<GcraPolicy> policies{
        {1, std::chrono::minutes(6), 1}, {1, std::chrono::minutes(2), 3}, {3, std::chrono::minutes(6), 2}};
    const std::vector<Velocity> rules{
        {.key = "charges", .window = std::chrono::minutes(1), .max = 2},
        {.key = "failures", .window = std::chrono::minutes(10), .max = 3, .counts_begin = false},
        {.key = "none", .window = std::chrono::seconds(20), .max = 0},
        {.key = "many", .window = std::chrono::minutes(60), .max = 40},
    };
};

}  // namespace tollgate::test
