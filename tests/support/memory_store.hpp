#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "resilience/gcra.hpp"
#include "stores/ports.hpp"

namespace tollgate::test {

/// Thrown out of a call at which the process "dies": it unwinds, and so destroys, every coroutine on the way. Whoever runs
/// them catches it.
struct Crash {};

/// A ChargeStore in memory, as stores/ports.hpp describes it, for one thread. What was written stays when its caller crashes.
///
///     store.fail_next_write({Code::store_unavailable, "…"});   // not written; `true`: written, but the caller is not told
///     store.crash_at_write(2, WriteFate::kept);                // the third write from now on; 0 is the next
class MemoryStore : public ChargeStore {
public:
    enum class WriteFate : std::uint8_t { lost, kept };

    /// Every accepted `advance`, in order.
    std::vector<Transition> transitions;
    /// Fresh begins, take-overs and claims, in order: id and fence.
    std::vector<std::pair<std::string, std::uint64_t>> owners;
    /// Accepted begins (fresh or taken over) and advances: the store round trips that make up a charge.
    int writes = 0;

    void fail_next_write(PaymentError error, WriteFate fate = WriteFate::lost, int times = 1) {
        failure_.emplace(Failure{std::move(error), fate, times});
    }
    void forget_failure() noexcept { failure_.reset(); }
    void crash_at_write(int index, WriteFate fate) { crash_.emplace(index, fate); }
    /// Whether a crash that was asked for has not come yet.
    [[nodiscard]] bool crash_pending() const noexcept { return crash_.has_value(); }
    void forget_crash() noexcept { crash_.reset(); }

    [[nodiscard]] const ChargeRow& row(const std::string& id) const { return records_.at(id).row; }
    [[nodiscard]] const std::map<std::string, GcraTime>& limits() const noexcept { return limits_; }
    [[nodiscard]] std::vector<LedgerEntry> ledger_of(const std::string& id) const { return records_.at(id).ledger; }
    [[nodiscard]] bool knows(const std::string& id) const { return records_.contains(id); }
    /// Damages what is stored, as a bug or a foreign hand would.
    void overwrite_state(const std::string& id, std::string state) { records_.at(id).row.state = std::move(state); }

    Task<Result<Begun>> begin(BeginCharge begin) override {
        Result<Begun> begun = fail(Code::internal, "unset");
        const auto error = write([&] { begun = do_begin(begin); });
        if (error) co_return fail(*error);
        co_return begun;
    }

    Task<Result<void>> advance(Transition transition) override {
        Result<void> advanced;
        const auto error = write([&] { advanced = do_advance(transition); });
        if (error) co_return fail(*error);
        co_return advanced;
    }

    Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) override {
        std::vector<Record*> due;
        for (auto& [id, record] : records_) {
            if (record.row.due_at && *record.row.due_at <= now && record.row.lease_until <= now) due.push_back(&record);
        }
        std::ranges::sort(due, {}, [](const Record* record) { return std::pair(*record->row.due_at, record->place); });
        due.resize(std::min(due.size(), limit));
        std::vector<ChargeRow> claimed;
        for (Record* record : due) {
            own(*record, lease_until);
            claimed.push_back(record->row);
        }
        co_return claimed;
    }

    Task<Result<std::optional<ChargeRow>>> find(std::string id) override {
        const auto at = records_.find(id);
        co_return at == records_.end() ? std::optional<ChargeRow>() : std::optional<ChargeRow>(at->second.row);
    }

    Task<Result<ChargePage>> page(ChargeQuery query) override {
        std::uint64_t before = UINT64_MAX;
        const char* const end = query.cursor.data() + query.cursor.size();
        const auto [read_to, error] = std::from_chars(query.cursor.data(), end, before);
        const bool ours = query.cursor.empty() || (error == std::errc{} && read_to == end && before <= records_.size());
        if (!ours) co_return fail(Code::bad_request, "the cursor is not one that was given out");

        std::vector<const Record*> fitting;
        for (const auto& [id, record] : records_) {
            const ChargeRow& row = record.row;
            const bool wanted = row.tenant == query.tenant && (query.order_id.empty() || row.order_id == query.order_id) &&
                                (!query.status || row.status == *query.status);
            if (wanted && record.place < before) fitting.push_back(&record);
        }
        std::ranges::sort(fitting, std::greater<>(), [](const Record* record) { return record->place; });
        ChargePage page;
        for (const Record* record : fitting) {
            if (page.rows.size() == query.limit) break;
            page.rows.push_back(record->row);
            page.next_cursor = std::to_string(record->place);
        }
        if (page.rows.size() == fitting.size()) page.next_cursor.clear();
        co_return page;
    }

    Task<Result<std::vector<LedgerEntry>>> ledger(std::string charge_id) override {
        const auto at = records_.find(charge_id);
        co_return at == records_.end() ? std::vector<LedgerEntry>() : at->second.ledger;
    }

private:
    struct Record {
        ChargeRow row;
        std::uint64_t place = 0;  // rises with every new charge
        std::optional<WallTime> answered_at;
        std::vector<LedgerEntry> ledger;
    };

    /// One write, with what the test has in store for it.
    template <class Write>
    std::optional<PaymentError> write(Write act) {
        if (crash_ && crash_->first-- == 0) {
            const bool kept = std::exchange(crash_, std::nullopt)->second == WriteFate::kept;
            if (kept) act();
            throw Crash{};
        }
        if (failure_) {
            const Failure failure = *failure_;
            if (--failure_->times == 0) failure_.reset();
            if (failure.fate == WriteFate::kept) act();
            return failure.error;
        }
        act();
        return std::nullopt;
    }

    void own(Record& record, WallTime lease_until) {
        ++record.row.fence;
        record.row.lease_until = lease_until;
        owners.emplace_back(record.row.id, record.row.fence);
    }

    Begun do_begin(const BeginCharge& begin) {
        const auto known = records_.find(begin.row.id);
        if (known != records_.end() && !known->second.row.key_free) return answer_known(begin, known->second);

        Begun begun;
        GcraTime* tat = nullptr;
        begun.error = begin.admission.refusal;
        if (begun.error) return begun;
        if (const Record* earlier = duplicate_of(begin)) {
            return {.kind = Begun::Kind::duplicate, .row = earlier->row, .error = {}, .limit = {}};
        }
        if (begin.admission.limit) {
            tat = &limits_[begin.admission.limit_key];
            begun.limit = gcra(*begin.admission.limit, *tat, begin.now.time_since_epoch());
            if (!begun.limit->allowed) {
                begun.error = PaymentError(Code::rate_limited, "too many charges", begun.limit->retry_after);
                return begun;
            }
            *tat = begun.limit->next_tat;
        }
        begun.kind = Begun::Kind::fresh;
        begun.row = write_fresh(begin);
        for (const Velocity& velocity : begin.admission.velocities) {
            if (velocity.counts_begin) add_event(velocity, begun.row, "begun", begin.now);
            begun.velocities.push_back(count_events(velocity, begin.now));
        }
        return begun;
    }

    void add_event(const Velocity& velocity, const ChargeRow& row, const char* what, WallTime at) {
        Events& events = velocities_[velocity.key];
        events.emplace(at, row.id, row.fence, what);
        while (std::cmp_greater(events.size(), velocity.max + 1)) events.erase(events.begin());
    }

    [[nodiscard]] std::int64_t count_events(const Velocity& velocity, WallTime now) const {
        const auto events = velocities_.find(velocity.key);
        if (events == velocities_.end()) return 0;
        const auto counts = [&](const Event& event) { return now - std::get<WallTime>(event) < velocity.window; };
        return std::min<std::int64_t>(std::ranges::count_if(events->second, counts), velocity.max + 1);
    }

    const ChargeRow& write_fresh(const BeginCharge& begin) {
        const bool again = records_.contains(begin.row.id);
        Record& record = records_[begin.row.id];
        const ChargeRow old = std::exchange(record.row, begin.row);
        if (!again) record.place = records_.size();
        record.answered_at.reset();
        record.row.answer.reset();
        record.row.key_free = false;
        record.row.created_at = again ? old.created_at : begin.now;
        record.row.begun_at = begin.now;
        record.row.due_at = begin.now;
        record.row.attempt = again ? old.attempt + 1 : 1;
        record.row.fence = again ? old.fence + 1 : 1;
        owners.emplace_back(record.row.id, record.row.fence);
        ++writes;
        return record.row;
    }

    Begun answer_known(const BeginCharge& begin, Record& record) {
        ChargeRow& row = record.row;
        Begun begun{.kind = Begun::Kind::in_flight, .row = {}, .error = {}, .limit = {}};
        if (row.fingerprint != begin.row.fingerprint) {
            begun.kind = Begun::Kind::reused;
        } else if (record.answered_at) {
            const bool outlived = begin.answer_ttl > Milliseconds(0) && begin.now - *record.answered_at >= begin.answer_ttl;
            if (outlived) row.answer.reset();
            begun.kind = row.answer ? Begun::Kind::replay : Begun::Kind::settled;
        } else if (row.due_at && *row.due_at <= begin.now && row.lease_until <= begin.now) {
            begun.kind = Begun::Kind::taken_over;
            own(record, begin.row.lease_until);
            ++writes;
        }
        begun.row = row;
        return begun;
    }

    [[nodiscard]] const Record* duplicate_of(const BeginCharge& begin) const {
        if (begin.allow_duplicate || begin.duplicates_window <= Milliseconds(0)) return nullptr;
        const ChargeRow& wanted = begin.row;
        for (const auto& [id, record] : records_) {
            const ChargeRow& row = record.row;
            const bool same = row.tenant == wanted.tenant && row.order_id == wanted.order_id && row.amount == wanted.amount &&
                              row.currency == wanted.currency;
            const bool young = row.begun_at > begin.now - begin.duplicates_window;
            if (id != wanted.id && row.live && same && young) return &record;
        }
        return nullptr;
    }

    Result<void> do_advance(const Transition& transition) {
        const auto at = records_.find(transition.id);
        if (at == records_.end() || at->second.row.fence != transition.fence) {
            return fail(Code::lease_lost, "another owner has taken the charge up");
        }
        Record& record = at->second;
        record.row.status = transition.status;
        record.row.live = transition.live;
        record.row.state = transition.state;
        record.row.lease_until = transition.lease_until;
        record.row.due_at = transition.due_at;
        record.row.key_free = transition.frees_key;
        if (transition.answer && !transition.frees_key && !record.answered_at) {
            record.row.answer = transition.answer;
            record.answered_at = transition.now;
        }
        for (const LedgerEntry& entry : transition.ledger) {
            const bool written = std::ranges::any_of(record.ledger, [&](const LedgerEntry& old) {
                return old.type == entry.type && old.gateway_id == entry.gateway_id;
            });
            if (!written) record.ledger.push_back(entry);
        }
        for (const Velocity& velocity : transition.velocities) add_event(velocity, record.row, "step", transition.now);
        transitions.push_back(transition);
        ++writes;
        return {};
    }

    std::map<std::string, Record> records_;
    std::map<std::string, GcraTime> limits_;
    using Event = std::tuple<WallTime, std::string, std::uint64_t, std::string>;  // when, of which charge and fence, what
    using Events = std::set<Event>;
    std::map<std::string, Events> velocities_;
    struct Failure {
        PaymentError error;
        WriteFate fate;
        int times;
    };
    std::optional<Failure> failure_;
    std::optional<std::pair<int, WriteFate>> crash_;
};

}  // namespace tollgate::test
