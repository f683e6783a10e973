#include "stores/redis/redis_store.hpp"

#include "stores/redis/opening.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate {

using redis::Lane;
using std::chrono::sys_days;

namespace {

RedisFleetStore::Run run_on(redis::StoreCore& core) {
    return [&core](const redis::Script& script, std::vector<std::string> keys,
                   std::vector<std::string> arguments) -> Task<redis::Answer> {
        co_return co_await core.lanes().run([&](Lane& lane) {
            return lane.client->run(script, {keys.begin(), keys.end()}, {arguments.begin(), arguments.end()},
                                    core.deadline(lane));
        });
    };
}

class Events final : public EventStore {
public:
    explicit Events(redis::StoreCore& core) : core_(core) {}

    Task<Result<Accepted>> accept(Event event, Milliseconds lease) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.accept(lane, std::move(event), lease); });
    }
    Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                 std::size_t limit) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.claim(lane, queue, now, lease, limit); });
    }
    Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.settle(lane, std::move(settlements), now); });
    }
    Task<Result<std::optional<StoredEvent>>> find(std::string id) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.find_event(lane, std::move(id)); });
    }
    Task<Result<EventPage>> dead_letters(DeadLetterQuery query) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.dead_letters(lane, std::move(query)); });
    }
    Task<Result<EventPage>> archive(ArchiveQuery query) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.archive(lane, std::move(query)); });
    }
    Task<Result<Replayed>> replay(std::string id, WallTime now) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.replay(lane, std::move(id), now); });
    }

private:
    redis::StoreCore& core_;
};

class Reconciliation final : public ReconciliationStore {
public:
    explicit Reconciliation(redis::StoreCore& core) : core_(core) {}

    Task<Result<LedgerPage>> ledger_of(LedgerQuery query) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.ledger_of(lane, std::move(query)); });
    }
    Task<Result<std::optional<std::uint64_t>>> claim_run(sys_days day, WallTime now, WallTime lease_until,
                                                         WallTime done_since) override {
        co_return co_await core_.lanes().run(
            [&](Lane& lane) { return core_.claim_run(lane, day, now, lease_until, done_since); });
    }
    Task<Result<void>> extend_run(sys_days day, std::uint64_t fence, WallTime lease_until) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.extend_run(lane, day, fence, lease_until); });
    }
    Task<Result<void>> finish_run(sys_days day, std::uint64_t fence, std::string report, WallTime now) override {
        co_return co_await core_.lanes().run(
            [&](Lane& lane) { return core_.finish_run(lane, day, fence, std::move(report), now); });
    }
    Task<Result<std::optional<ReconciliationRun>>> find_run(sys_days day) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.find_run(lane, day); });
    }
    Task<Result<void>> note_action(sys_days day, std::string action) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.note_action(lane, day, std::move(action)); });
    }
    Task<Result<bool>> is_noted(sys_days day, std::string action) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.is_noted(lane, day, std::move(action)); });
    }

private:
    redis::StoreCore& core_;
};

class Sessions final : public SessionStore {
public:
    explicit Sessions(redis::StoreCore& core) : core_(core) {}

    Task<Result<void>> open_session(Session session, WallTime now) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.open_session(lane, std::move(session), now); });
    }
    Task<Result<std::optional<Session>>> find_session(std::string id, WallTime now) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.find_session(lane, std::move(id), now); });
    }
    Task<Result<void>> end_session(std::string id) override {
        co_return co_await core_.lanes().run([&](Lane& lane) { return core_.end_session(lane, std::move(id)); });
    }

private:
    redis::StoreCore& core_;
};

}  // namespace

RedisStore::RedisStore(std::shared_ptr<redis::StoreCore> core)
    : core_(std::move(core)),
      fleet_(run_on(*core_)),
      events_(std::make_unique<Events>(*core_)),
      reconciliation_(std::make_unique<Reconciliation>(*core_)),
      sessions_(std::make_unique<Sessions>(*core_)) {}

RedisStore::~RedisStore() {
    core_->stop();
    core_->last_words();
}

Result<RedisStore::Opened> RedisStore::open(RedisStoreOptions options, std::vector<const Runtime*> loops) {
    if (loops.empty()) return fail(Code::internal, "a store without event loops serves nobody");
    Result<redis::Looked> looked = redis::look_at_servers(options);
    if (!looked) return fail(std::move(looked.error()));
    auto lanes = redis::Lanes::make(loops, options.redis, options.hook);
    if (!lanes) return fail(std::move(lanes.error()));
    auto core = std::make_shared<redis::StoreCore>(std::move(options), std::move(*lanes), std::move(looked->instance));
    core->start();
    return Opened{std::unique_ptr<RedisStore>(new RedisStore(std::move(core))), std::move(looked->warnings)};
}

Task<Result<Begun>> RedisStore::begin(BeginCharge begin) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->begin(lane, std::move(begin)); });
}

Task<Result<void>> RedisStore::advance(Transition transition) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->advance(lane, std::move(transition)); });
}

Task<Result<std::vector<ChargeRow>>> RedisStore::claim(WallTime now, WallTime lease_until, std::size_t limit) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->claim(lane, now, lease_until, limit); });
}

Task<Result<Taken>> RedisStore::take(std::string id, WallTime now, WallTime lease_until, Reach reach) {
    co_return co_await core_->lanes().run(
        [&](Lane& lane) { return core_->take(lane, std::move(id), now, lease_until, reach, {}); });
}

Task<Result<Taken>> RedisStore::take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) {
    co_return co_await core_->lanes().run(
        [&](Lane& lane) { return core_->take(lane, std::move(id), now, lease_until, Reach::any, std::move(operation)); });
}

Task<Result<std::optional<ChargeRow>>> RedisStore::find(std::string id) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->find(lane, std::move(id)); });
}

Task<Result<ChargePage>> RedisStore::page(ChargeQuery query) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->page(lane, std::move(query)); });
}

Task<Result<ChargePage>> RedisStore::survey(SurveyQuery query) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->survey(lane, std::move(query)); });
}

Task<Result<std::vector<ChargeRow>>> RedisStore::expiring(WallTime until, std::size_t limit) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->expiring(lane, until, limit); });
}

Task<Result<std::optional<std::string>>> RedisStore::charge_of(std::string gateway_id) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->charge_of(lane, std::move(gateway_id)); });
}

Task<Result<std::vector<CurrencyAtRisk>>> RedisStore::money_at_risk() {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->money_at_risk(lane); });
}

Task<Result<std::vector<LedgerEntry>>> RedisStore::ledger(std::string charge_id) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->ledger(lane, std::move(charge_id)); });
}

Task<Result<Census>> RedisStore::census(WallTime now) {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->census(lane, now); });
}

void RedisStore::keep(AuditRecord record) {
    core_->append(std::move(record));
}

Task<Result<void>> RedisStore::check() {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->check(lane); });
}

Task<Result<std::size_t>> RedisStore::sweep() {
    co_return co_await core_->lanes().run([&](Lane& lane) { return core_->sweep(lane); });
}

RedisStore::Written RedisStore::written() const noexcept {
    return core_->written();
}

}  // namespace tollgate
