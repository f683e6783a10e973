#include "simulation/store.hpp"

#include <utility>

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;

PaymentError away() {
    return {Code::store_unavailable, "the store is away", Milliseconds(1000)};
}

PaymentError unknown() {
    return {Code::store_unknown, "the store did not say"};
}

}  // namespace

class OpenedStore final : public ChargeStore {
public:
    OpenedStore(DurableStore& store, Process& process) : store_(store), process_(process) {}

    Task<Result<Begun>> begin(BeginCharge begin) override {
        return write<Begun>(
            [begin = std::move(begin)](test::MemoryCharges& charges) { return Result<Begun>(charges.begin(begin)); });
    }

    Task<Result<void>> advance(Transition transition) override {
        return write<void>([transition = std::move(transition), &store = store_](test::MemoryCharges& charges) mutable {
            const ChargeRow* const row = charges.find(transition.id);
            if (store.ignores_fences && row != nullptr) transition.fence = row->fence;
            return charges.advance(transition);
        });
    }

    Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) override {
        return write<std::vector<ChargeRow>>([=](test::MemoryCharges& charges) {
            return Result<std::vector<ChargeRow>>(charges.claim(now, lease_until, limit));
        });
    }

    Task<Result<Taken>> take(std::string id, WallTime now, WallTime lease_until) override {
        return write<Taken>([id = std::move(id), now, lease_until](test::MemoryCharges& charges) {
            return Result<Taken>(charges.take(id, now, lease_until));
        });
    }

    Task<Result<std::optional<ChargeRow>>> find(std::string id) override {
        return write<std::optional<ChargeRow>>([id = std::move(id)](test::MemoryCharges& charges) {
            const ChargeRow* const row = charges.find(id);
            return Result<std::optional<ChargeRow>>(row == nullptr ? std::optional<ChargeRow>() : std::optional(*row));
        });
    }

    Task<Result<ChargePage>> page(ChargeQuery query) override { co_return store_.charges_.page(query); }
    Task<Result<ChargePage>> survey(SurveyQuery query) override { co_return store_.charges_.survey(query); }

    Task<Result<std::vector<LedgerEntry>>> ledger(std::string charge_id) override {
        co_return store_.charges_.ledger(charge_id);
    }

private:
    template <class T, class Work>
    Task<Result<T>> write(Work work) {
        const auto reply = std::make_shared<OneShot<Result<T>>>(process_.runtime());
        store_.submit(
            [work = std::move(work), reply](test::MemoryCharges& charges) mutable {
                return [result = work(charges), reply] { reply->set(result); };
            },
            [reply](PaymentError error) { reply->set(fail(std::move(error))); });
        auto result = co_await reply->wait_until(process_.steady() + 1s);
        if (!result) co_return fail(unknown());
        co_return std::move(*result);
    }

    DurableStore& store_;
    Process& process_;
};

std::unique_ptr<ChargeStore> DurableStore::open(Process& process) {
    return std::make_unique<OpenedStore>(*this, process);
}

void DurableStore::submit(Write write, std::function<void(PaymentError)> fail) {
    const SteadyTime now = scheduler_.now();
    if (now < back_at_ || faults_.strikes(Fault::store_refuses)) {
        scheduler_.at(now + a_moment(), [fail = std::move(fail)] { fail(away()); });
        return;
    }
    waiting_.push_back({std::move(write), std::move(fail)});
    if (std::exchange(syncing_, true)) return;
    scheduler_.at(now + a_moment(), [this, life = life_] {
        if (life == life_) sync();
    });
}

void DurableStore::sync() {
    syncing_ = false;
    for (Waiting& waiting : std::exchange(waiting_, {})) {
        const bool lost = faults_.strikes(Fault::store_reply_lost);
        const bool written = !lost || faults_.draw(Fault::store_reply_lost, 2) == 0;
        std::function<void()> tell;
        if (written) tell = waiting.write(charges_);
        if (lost) tell = [fail = std::move(waiting.fail)] { fail(unknown()); };
        scheduler_.at(scheduler_.now() + a_moment(), std::move(tell));
    }
}

void DurableStore::crash(Milliseconds away_for) {
    history_.note(scheduler_.now(), "store crashes; unsynced:", waiting_.size());
    ++life_;
    syncing_ = false;
    back_at_ = scheduler_.now() + away_for;
    for (Waiting& waiting : std::exchange(waiting_, {})) {
        scheduler_.at(scheduler_.now() + a_moment(), [fail = std::move(waiting.fail)] { fail(unknown()); });
    }
}

}  // namespace tollgate::simulation
