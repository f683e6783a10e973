#include "simulation/store.hpp"

#include <algorithm>
#include <iterator>
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

template <class T, class Work>
Task<Result<T>> DurableStore::ask(Process& process, Work work) {
    const auto reply = std::make_shared<OneShot<Result<T>>>(process.runtime());
    submit([work = std::move(work), reply]() mutable { return [result = work(), reply] { reply->set(result); }; },
           [reply](PaymentError error) { reply->set(fail(std::move(error))); });
    auto result = co_await reply->wait_until(process.steady() + 1s);
    if (!result) co_return fail(unknown());
    co_return std::move(*result);
}

class OpenedStore final : public ChargeStore {
public:
    OpenedStore(DurableStore& store, Process& process) : store_(store), process_(process) {}

    Task<Result<Begun>> begin(BeginCharge begin) override {
        return write<Begun>([&store = store_, begin = std::move(begin)] {
            auto begun = store.truth_->begin(begin);
            const bool fresh = begun && begun->kind == Begun::Kind::fresh;
            if (fresh) ++store.begun_;
            if (fresh || (begun && begun->kind == Begun::Kind::taken_over)) store.note_owner(begun->row);
            return begun;
        });
    }

    Task<Result<void>> advance(Transition transition) override {
        return write<void>([&store = store_, transition = std::move(transition)]() mutable {
            if (store.ignores_fences) {
                if (const auto row = store.row(transition.id)) transition.fence = row->fence;
            }
            std::vector<std::string> fresh;
            for (const Event& event : transition.events) {
                if (!store.event(event.id)) fresh.push_back(event.id);
            }
            auto advanced = store.truth_->advance(transition);
            if (advanced) std::ranges::move(fresh, std::back_inserter(store.outgoing_));
            return advanced;
        });
    }

    Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) override {
        return write<std::vector<ChargeRow>>([&store = store_, now, lease_until, limit] {
            auto rows = store.truth_->claim(now, lease_until, limit);
            for (const ChargeRow& row : *rows) store.note_owner(row);
            return rows;
        });
    }

    Task<Result<Taken>> take(std::string id, WallTime now, WallTime lease_until, Reach reach) override {
        return write<Taken>([&store = store_, id = std::move(id), now, lease_until, reach] {
            return store.noted(store.truth_->take(id, now, lease_until, reach));
        });
    }

    Task<Result<Taken>> take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) override {
        return write<Taken>([&store = store_, id = std::move(id), operation = std::move(operation), now, lease_until] {
            return store.noted(store.truth_->take_for(id, operation, now, lease_until));
        });
    }

    Task<Result<std::optional<ChargeRow>>> find(std::string id) override {
        return write<std::optional<ChargeRow>>([&store = store_, id = std::move(id)] { return store.truth_->find(id); });
    }

    Task<Result<ChargePage>> page(ChargeQuery query) override { co_return store_.truth_->page(query); }
    Task<Result<ChargePage>> survey(SurveyQuery query) override { co_return store_.truth_->survey(query); }
    Task<Result<std::vector<ChargeRow>>> expiring(WallTime until, std::size_t limit) override {
        co_return store_.truth_->expiring(until, limit);
    }
    Task<Result<std::optional<std::string>>> charge_of(std::string id) override { co_return store_.truth_->charge_of(id); }
    Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk() override { co_return store_.truth_->money_at_risk(); }
    Task<Result<std::vector<LedgerEntry>>> ledger(std::string id) override { co_return store_.truth_->ledger(id); }

private:
    template <class T, class Work>
    Task<Result<T>> write(Work work) {
        return store_.ask<T>(process_, std::move(work));
    }

    DurableStore& store_;
    Process& process_;
};

class OpenedEvents final : public EventStore {
public:
    OpenedEvents(DurableStore& store, Process& process) : store_(store), process_(process) {}

    Task<Result<Accepted>> accept(Event event, Milliseconds lease) override {
        return store_.ask<Accepted>(process_, [&store = store_, event = std::move(event), lease] {
            auto accepted = store.truth_->accept(event, lease);
            if (accepted && *accepted == Accepted::fresh) store.incoming_.push_back(event.id);
            return accepted;
        });
    }

    Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                 std::size_t limit) override {
        return store_.ask<std::vector<StoredEvent>>(
            process_, [&store = store_, queue, now, lease, limit] { return store.truth_->claim(queue, now, lease, limit); });
    }

    Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) override {
        return store_.ask<void>(process_, [&store = store_, settlements = std::move(settlements), now] {
            return store.truth_->settle(settlements, now);
        });
    }

    Task<Result<std::optional<StoredEvent>>> find(std::string id) override { co_return store_.truth_->find_event(id); }
    Task<Result<EventPage>> dead_letters(DeadLetterQuery) override { co_return fail(Code::internal, "not simulated"); }
    Task<Result<EventPage>> archive(ArchiveQuery) override { co_return fail(Code::internal, "not simulated"); }
    Task<Result<Replayed>> replay(std::string, WallTime) override { co_return fail(Code::internal, "not simulated"); }

private:
    DurableStore& store_;
    Process& process_;
};

std::unique_ptr<EventStore> DurableStore::open_events(Process& process) {
    return std::make_unique<OpenedEvents>(*this, process);
}

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
    truth_->commit([this] { carry_out(std::exchange(waiting_, {})); });
}

void DurableStore::carry_out(std::vector<Waiting> together) {
    for (Waiting& waiting : together) {
        const bool lost = faults_.strikes(Fault::store_reply_lost);
        const bool written = !lost || faults_.draw(Fault::store_reply_lost, 2) == 0;
        std::function<void()> tell;
        if (written) tell = waiting.write();
        if (lost) tell = [fail = std::move(waiting.fail)] { fail(unknown()); };
        scheduler_.at(scheduler_.now() + a_moment(), std::move(tell));
    }
}

void DurableStore::note_owner(const ChargeRow& row) {
    known_.insert(row.id);
    owners_.emplace_back(row.id, row.fence);
}

Result<Taken> DurableStore::noted(Result<Taken> taken) {
    if (taken && taken->kind == Taken::Kind::taken) note_owner(taken->row);
    return taken;
}

std::vector<ChargeRow> DurableStore::rows() const {
    std::vector<ChargeRow> rows;
    for (const std::string& id : known_) rows.push_back(*row(id));
    return rows;
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
