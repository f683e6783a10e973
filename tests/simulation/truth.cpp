#include "simulation/truth.hpp"

#include <stdexcept>

#include "stores/sqlite/charge_reads.hpp"
#include "stores/sqlite/charge_writes.hpp"
#include "stores/sqlite/event_reads.hpp"
#include "stores/sqlite/event_writes.hpp"
#include "stores/sqlite/schema.hpp"
#include "support/memory_charges.hpp"
#include "support/memory_events.hpp"

namespace tollgate::simulation {
namespace {

class Model final : public Truth {
public:
    Result<Begun> begin(BeginCharge begin) override { return charges_.begin(begin); }
    Result<void> advance(const Transition& transition) override {
        auto advanced = charges_.advance(transition);
        if (advanced) events_.queue(transition.events, transition.now);
        return advanced;
    }
    Result<std::vector<ChargeRow>> claim(WallTime now, WallTime lease_until, std::size_t limit) override {
        return charges_.claim(now, lease_until, limit);
    }
    Result<Taken> take(const std::string& id, WallTime now, WallTime lease_until, Reach reach) override {
        return charges_.take(id, now, lease_until, reach);
    }
    Result<Taken> take_for(const std::string& id, const std::string& operation, WallTime now, WallTime lease_until) override {
        return charges_.take_for(id, operation, now, lease_until);
    }
    Result<std::optional<ChargeRow>> find(const std::string& id) override {
        const ChargeRow* const row = charges_.find(id);
        return row == nullptr ? std::optional<ChargeRow>() : std::optional(*row);
    }
    Result<ChargePage> page(const ChargeQuery& query) override { return charges_.page(query); }
    Result<ChargePage> survey(const SurveyQuery& query) override { return charges_.survey(query); }
    Result<std::vector<ChargeRow>> expiring(WallTime until, std::size_t limit) override {
        return charges_.expiring(until, limit);
    }
    Result<std::optional<std::string>> charge_of(const std::string& id) override { return charges_.charge_of(id); }
    Result<std::vector<CurrencyAtRisk>> money_at_risk() override { return charges_.money_at_risk(); }
    Result<std::vector<LedgerEntry>> ledger(const std::string& id) override { return charges_.ledger(id); }
    Result<Accepted> accept(const Event& event, Milliseconds lease) override { return events_.accept(event, lease); }
    Result<std::vector<StoredEvent>> claim(EventQueue queue, WallTime now, Milliseconds lease, std::size_t limit) override {
        return events_.claim(queue, now, lease, limit);
    }
    Result<void> settle(const std::vector<Settlement>& settlements, WallTime now) override {
        events_.settle(settlements, now);
        return {};
    }
    Result<std::optional<StoredEvent>> find_event(const std::string& id) override {
        const StoredEvent* const stored = events_.find(id);
        return stored == nullptr ? std::optional<StoredEvent>() : std::optional(*stored);
    }
    void end_leases() override {
        charges_.end_leases();
        events_.end_leases();
    }

private:
    test::MemoryCharges charges_;
    test::MemoryEvents events_;
};

sqlite::Database open_in_memory() {
    auto database = sqlite::Database::open(":memory:", sqlite::Database::Access::read_write, "");
    if (!database) throw std::runtime_error(database.error().text);
    if (const auto made = sqlite::migrate(*database, ":memory:", sqlite::migrations()); !made) {
        throw std::runtime_error(made.error().detail);
    }
    return std::move(*database);
}

class Embedded final : public Truth {
public:
    Result<Begun> begin(BeginCharge begin) override {
        auto begun = writes_.begin(begin);
        if (begun && begun->kind == Begun::Kind::fresh) begun->row = std::move(begin.row);
        return begun;
    }
    Result<void> advance(const Transition& transition) override { return writes_.advance(transition); }
    Result<std::vector<ChargeRow>> claim(WallTime now, WallTime lease_until, std::size_t limit) override {
        return writes_.claim(now, lease_until, limit);
    }
    Result<Taken> take(const std::string& id, WallTime now, WallTime lease_until, Reach reach) override {
        return writes_.take(id, now, lease_until, reach);
    }
    Result<Taken> take_for(const std::string& id, const std::string& operation, WallTime now, WallTime lease_until) override {
        return writes_.take_for(id, operation, now, lease_until);
    }
    Result<std::optional<ChargeRow>> find(const std::string& id) override { return reads_.find(id); }
    Result<ChargePage> page(const ChargeQuery& query) override { return reads_.page(query); }
    Result<ChargePage> survey(const SurveyQuery& query) override { return reads_.survey(query); }
    Result<std::vector<ChargeRow>> expiring(WallTime until, std::size_t limit) override {
        return reads_.expiring(until, limit);
    }
    Result<std::optional<std::string>> charge_of(const std::string& id) override { return reads_.charge_of(id); }
    Result<std::vector<CurrencyAtRisk>> money_at_risk() override { return reads_.money_at_risk(); }
    Result<std::vector<LedgerEntry>> ledger(const std::string& id) override { return reads_.ledger(id); }
    Result<Accepted> accept(const Event& event, Milliseconds lease) override { return event_writes_.accept(event, lease); }
    Result<std::vector<StoredEvent>> claim(EventQueue queue, WallTime now, Milliseconds lease, std::size_t limit) override {
        return event_writes_.claim(queue, now, lease, limit);
    }
    Result<void> settle(const std::vector<Settlement>& settlements, WallTime now) override {
        return event_writes_.settle(settlements, now);
    }
    Result<std::optional<StoredEvent>> find_event(const std::string& id) override { return event_reads_.find(id); }
    void end_leases() override {
        writes_.end_all_leases();
        event_writes_.end_all_leases();
    }

    void commit(const std::function<void()>& work) override {
        database_.run("BEGIN IMMEDIATE");
        work();
        if (!database_.run("COMMIT")) throw std::runtime_error(database_.failure().text);
    }

private:
    sqlite::Database database_ = open_in_memory();
    sqlite::ChargeWrites writes_{database_};
    sqlite::ChargeReads reads_{database_};
    sqlite::EventWrites event_writes_{database_};
    sqlite::EventReads event_reads_{database_};
};

}  // namespace

std::unique_ptr<Truth> model_truth() {
    return std::make_unique<Model>();
}

std::unique_ptr<Truth> sqlite_truth() {
    return std::make_unique<Embedded>();
}

}  // namespace tollgate::simulation
