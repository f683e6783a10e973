#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "operations.hpp"
#include "store_under_test.hpp"
#include "support/memory_store.hpp"
#include "told.hpp"
#include "trial.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;
using std::chrono::seconds;

namespace {

/// Operations on charges.
class ChargeTrial final : public Trial {
public:
    ChargeTrial(const StoreKind& kind, std::uint64_t seed) : Trial(seed), bench_(kind), draw_(seed) {}

private:
    void step() override {
        draw_.clock.tick(draw_.dice);
        const std::size_t what = draw_.dice.below(100);
        if (what < 35) {
            begin();
        } else if (what < 67) {
            advance();
        } else if (what < 71) {
            claim();
        } else if (what < 81) {
            take();
        } else if (what < 87) {
            take_for();
        } else if (what < 92) {
            page();
        } else if (what < 97) {
            survey();
        } else if (what < 98) {
            expiring();
        } else {
            look(any_charge().id);
        }
    }

    void look_at_all() override {
        for (const std::string& id : ids_) look(id);
        look_at_risk();
    }

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
        while (draw_.dice.percent(40)) step.operations.push_back(draw_.operation(any_operation(step.id)));
        if (last_step_ && draw_.dice.percent(8)) step = *last_step_;  // as after an answer that got lost
        last_step_ = step;
        operation_ = told(step);
        const Result<void> expected = bench_.loop.run(model_.advance(step));
        met_.insert("advance " + told(expected));
        if (expected && step.answer && !step.frees_key) answered_.try_emplace(step.id, step.now);
        for (const OperationRecord& operation : step.operations) {
            if (expected) last_operation_ = {step.id, operation.id};
            if (expected && operation.answer) settled_.try_emplace(operation.id, step.now);
        }
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

    void take() {
        const std::string id = any_charge().id;
        const WallTime now = draw_.clock.now();
        const Reach reach = draw_.dice.below(5) == 0 ? Reach::any : Reach::unfinished;
        operation_ = "at " + told(now) + " take " + id + (reach == Reach::any ? " whatever" : "");
        const auto ask = [&](ChargeStore& store) {
            Result<Taken> taken = bench_.loop.run(store.take(id, now, now + seconds(30), reach));
            if (taken) forget_outlived(taken->row);
            return taken;
        };
        const Result<Taken> expected = ask(model_);
        met_.insert("take " + told(expected->kind));
        compare(told(expected), told(ask(bench_.charges())));
        look(id);
    }

    void take_for() {
        std::string id = any_charge().id;
        std::string operation = any_operation(id);
        const bool last = draw_.dice.percent(60) && !outlived(settled_, last_operation_.second);
        if (last && !last_operation_.first.empty()) std::tie(id, operation) = last_operation_;
        const WallTime now = draw_.clock.now();
        operation_ = "at " + told(now) + " take " + id + " for " + operation;
        const auto ask = [&](ChargeStore& store) {
            Result<Taken> taken = bench_.loop.run(store.take_for(id, operation, now, now + seconds(30)));
            if (taken) forget_outlived(taken->row);
            return taken;
        };
        const Result<Taken> expected = ask(model_);
        met_.insert(expected->operation && expected->operation->answer ? "settled operation"
                                                                       : "take for " + told(expected->kind));
        compare(told(expected), told(ask(bench_.charges())));
        look(id);
    }

    void look_at_risk() {
        operation_ += "; money at risk";
        const auto expected = bench_.loop.run(model_.money_at_risk());
        if (expected->size() > 1) met_.insert("money at risk");
        compare(told(expected), told(bench_.loop.run(bench_.charges().money_at_risk())));
        operation_ += "; census";
        const WallTime now = draw_.clock.now();
        compare(told(bench_.loop.run(model_.census(now)).value()), told(bench_.census(now)));
    }

    [[nodiscard]] static const char* kind_of(const SurveyQuery& query) {
        if (!query.order_id.empty()) return "surveyed an order";
        if (!query.customer_id.empty()) return "surveyed a customer";
        return query.refunding ? "surveyed with refunds" : "surveyed";
    }

    void expiring() {
        const WallTime until = draw_.clock.now() + seconds(draw_.dice.below(120));
        const std::size_t limit = draw_.dice.percent(50) ? 100 : draw_.dice.below(4);
        operation_ = "expiring before " + told(until) + ", " + std::to_string(limit);
        const auto expected = bench_.loop.run(model_.expiring(until, limit)).value();
        std::vector<ChargeRow> actual = bench_.loop.run(bench_.charges().expiring(until, limit)).value();
        if (!expected.empty()) met_.insert("expiring");
        const auto due_times = [](const std::vector<ChargeRow>& rows) {
            std::string times;
            for (const ChargeRow& row : rows) times += told(row.due_at) + " ";
            return times;
        };
        compare(due_times(expected), due_times(actual));
        if (limit < 100) return;  // of several that are due at once, each store has others
        const auto all = [this](std::vector<ChargeRow> rows) {
            std::ranges::sort(rows, {}, &ChargeRow::id);
            for (ChargeRow& row : rows) forget_outlived(row);
            return told(rows);
        };
        compare(all(expected), all(std::move(actual)));
    }

    /// All pages at once, by id: where several charges are as new as each other, each store has an order of its own.
    void survey() {
        const SurveyQuery asked = draw_.survey();
        operation_ = told(asked);
        const auto all = [&](ChargeStore& store) {
            std::vector<ChargeRow> rows;
            SurveyQuery query = asked;
            do {
                const ChargePage page = bench_.loop.run(store.survey(query)).value();
                if (page.rows.size() > query.limit) return std::string("a page that is too long");
                if (rows.size() > 1000) return std::string("a walk that goes round");
                rows.insert(rows.end(), page.rows.begin(), page.rows.end());
                query.cursor = page.next_cursor;
            } while (!query.cursor.empty());
            std::ranges::sort(rows, {}, &ChargeRow::id);
            for (ChargeRow& row : rows) forget_outlived(row);
            if (rows.size() > query.limit) met_.insert(kind_of(query));
            return told(rows);
        };
        const std::string expected = all(model_);
        compare(expected, all(bench_.charges()));
        look_at_risk();
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

    /// One of a few, none of which has outlived its time.
    [[nodiscard]] std::string any_operation(const std::string& charge) {
        std::string id = "op_" + charge + "_" + std::to_string(draw_.dice.below(3));
        while (outlived(settled_, id)) id += "+";
        return id;
    }

    /// From then on a store clears the answer when it comes to it.
    [[nodiscard]] bool outlived(const std::string& id) const { return outlived(answered_, id); }
    [[nodiscard]] bool outlived(const std::map<std::string, WallTime>& since, const std::string& id) const {
        const auto at = since.find(id);
        return at != since.end() && draw_.clock.latest() - at->second >= answer_ttl;
    }
    void forget_outlived(ChargeRow& row) const {
        if (outlived(row.id)) row.answer.reset();
    }

    Bench bench_;
    MemoryStore model_;
    Operations draw_;
    std::set<std::string> ids_;
    std::map<std::string, WallTime> answered_;
    std::map<std::string, WallTime> settled_;             // operations
    std::pair<std::string, std::string> last_operation_;  // a charge and one of its operations
    std::vector<Walk> walks_;
    std::optional<Transition> last_step_;
};

}  // namespace

TEST_CASE("every store does what the model does, operation for operation") {
    compare_with_model<ChargeTrial>(GENERATE(from_range(store_kinds())), {"fresh",
                                                                          "taken_over",
                                                                          "replay",
                                                                          "settled",
                                                                          "in_flight",
                                                                          "reused",
                                                                          "duplicate",
                                                                          "refused",
                                                                          "limited",
                                                                          "advance done",
                                                                          "advance failed: lease_lost",
                                                                          "claimed",
                                                                          "take taken",
                                                                          "take waits",
                                                                          "take finished",
                                                                          "take owned",
                                                                          "walked on",
                                                                          "page failed: bad_request",
                                                                          "surveyed",
                                                                          "surveyed with refunds",
                                                                          "surveyed an order",
                                                                          "surveyed a customer",
                                                                          "expiring",
                                                                          "take for taken",
                                                                          "take for owned",
                                                                          "take for known",
                                                                          "settled operation",
                                                                          "money at risk"});
}
