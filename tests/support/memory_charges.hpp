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
#include "stores/census.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"

namespace tollgate::test {

/// What stores/ports.hpp says of a ChargeStore, on maps in memory and at once: the model that the stores are compared with, and
/// the truth under the stores that tests and the simulation make of it.
class MemoryCharges {
public:
    /// Every accepted `advance`, in order, where that is asked for.
    bool keeps_transitions = false;
    std::vector<Transition> transitions;
    /// Fresh begins, take-overs and claims, in order: id and fence.
    std::vector<std::pair<std::string, std::uint64_t>> owners;
    /// Accepted begins (fresh or taken over) and advances: the store round trips that make up a charge.
    int writes = 0;

    Begun begin(const BeginCharge& begin) {
        if (begin.answer_ttl > Milliseconds(0)) answer_ttl_ = begin.answer_ttl;
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

    Result<void> advance(const Transition& transition) {
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
            if (!written) book(record, entry, transition.now);
        }
        for (const OperationRecord& operation : transition.operations) keep(record, operation, transition.now);
        record.at_risk = transition.at_risk;
        for (const Velocity& velocity : transition.velocities) add_event(velocity, record.row, "step", transition.now);
        if (keeps_transitions) transitions.push_back(transition);
        ++writes;
        return {};
    }

    std::vector<ChargeRow> claim(WallTime now, WallTime lease_until, std::size_t limit) {
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
        return claimed;
    }

    Taken take(const std::string& id, WallTime now, WallTime lease_until, Reach reach) {
        using Kind = Taken::Kind;
        const auto at = records_.find(id);
        if (at == records_.end()) return {};
        ChargeRow& row = at->second.row;
        if (reach != Reach::any && row.status == ChargeStatus::requires_action)
            return {.kind = Kind::waits, .row = row, .operation = {}};
        if (reach != Reach::any && !row.due_at) return {.kind = Kind::finished, .row = row, .operation = {}};
        if (reach != Reach::any && row.status == ChargeStatus::authorized)
            return {.kind = Kind::waits, .row = row, .operation = {}};
        if (row.lease_until > now) return {.kind = Kind::owned, .row = row, .operation = {}};
        own(at->second, lease_until);
        return {.kind = Kind::taken, .row = row, .operation = {}};
    }

    Taken take_for(const std::string& id, const std::string& operation, WallTime now, WallTime lease_until) {
        const auto at = records_.find(id);
        if (at == records_.end()) return {};
        std::map<std::string, Operation>& operations = at->second.operations;
        const auto known = operations.find(operation);
        if (known == operations.end()) return take(id, now, lease_until, Reach::any);
        const std::optional<WallTime> settled_at = known->second.settled_at;
        if (settled_at && answer_ttl_ > Milliseconds(0) && now - *settled_at >= answer_ttl_) {
            operations.erase(known);
            return take(id, now, lease_until, Reach::any);
        }
        return {Taken::Kind::known, at->second.row, known->second.record};
    }

    [[nodiscard]] const ChargeRow* find(const std::string& id) const {
        const auto at = records_.find(id);
        return at == records_.end() ? nullptr : &at->second.row;
    }

    [[nodiscard]] Result<ChargePage> page(const ChargeQuery& query) const {
        return newest(query, [&query](const Record& record) {
            const ChargeRow& row = record.row;
            return row.tenant == query.tenant && (query.order_id.empty() || row.order_id == query.order_id) &&
                   (!query.status || row.status == *query.status);
        });
    }

    [[nodiscard]] Result<ChargePage> survey(const SurveyQuery& query) const {
        return newest(query, [&query](const Record& record) {
            if (!query.order_id.empty()) return record.row.order_id == query.order_id;
            if (!query.customer_id.empty()) return record.row.customer_id == query.customer_id;
            const ChargeStatus status = record.row.status;
            const bool refunding = status == ChargeStatus::succeeded && record.at_risk.pending_refund > 0;
            return (query.refunding && refunding) || std::ranges::find(query.statuses, status) != query.statuses.end();
        });
    }

    [[nodiscard]] std::vector<ChargeRow> expiring(WallTime until, std::size_t limit) const {
        std::vector<ChargeRow> rows;
        for (const auto& [id, record] : records_) {
            const ChargeRow& row = record.row;
            if (row.status == ChargeStatus::authorized && row.due_at && *row.due_at < until) rows.push_back(row);
        }
        std::ranges::sort(rows, {}, [](const ChargeRow& row) { return std::pair(*row.due_at, row.id); });
        rows.resize(std::min<std::size_t>({rows.size(), limit, 100}));
        return rows;
    }

    /// For an owner that knows every earlier one to be dead.
    void end_leases() {
        for (auto& [id, record] : records_) record.row.lease_until = {};
    }

    [[nodiscard]] std::optional<std::string> charge_of(const std::string& gateway_id) const {
        for (const auto& [id, record] : records_) {
            if (std::ranges::find(record.ledger, gateway_id, &LedgerEntry::gateway_id) != record.ledger.end()) return id;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::vector<LedgerEntry> ledger(const std::string& id) const {
        const auto at = records_.find(id);
        return at == records_.end() ? std::vector<LedgerEntry>() : at->second.ledger;
    }

    /// The ledger of a day, in the order it was written.
    [[nodiscard]] Result<LedgerPage> ledger_of(const LedgerQuery& query) const {
        const std::optional<std::uint64_t> from = query.cursor.empty() ? 0 : place_in(query.cursor);
        if (!from || *from > booked_.size()) return fail(Code::bad_request, "the cursor is not one that was given out");
        LedgerPage page;
        for (std::size_t place = *from; place < booked_.size(); ++place) {
            const BookedEntry& booked = booked_[place];
            if (std::chrono::floor<std::chrono::days>(booked.at) != query.day) continue;
            if (page.entries.size() == query.limit) {
                page.next_cursor = std::to_string(place);
                break;
            }
            page.entries.push_back(booked);
        }
        return page;
    }

    [[nodiscard]] std::vector<CurrencyAtRisk> money_at_risk() const {
        std::map<std::string, AtRisk> sums;
        for (const auto& [id, record] : records_) {
            if (record.at_risk == AtRisk{}) continue;
            AtRisk& sum = sums[record.row.currency];
            sum.unknown += record.at_risk.unknown;
            sum.uncaptured += record.at_risk.uncaptured;
            sum.pending_refund += record.at_risk.pending_refund;
        }
        std::vector<CurrencyAtRisk> all;
        for (const auto& [currency, sum] : sums) all.push_back({currency, sum});
        return all;
    }

    void count(Census& census, WallTime now) const {
        for (const auto& [id, record] : records_) {
            const ChargeRow& row = record.row;
            const auto age = now - row.created_at;
            const auto older_than = std::ranges::count_if(Census::ages, [&](Milliseconds bound) { return age >= bound; });
            if (row.status == ChargeStatus::processing) ++census.processing[static_cast<std::size_t>(older_than)];
            if (row.status == ChargeStatus::requires_action) ++census.requires_action;
            if (row.status == ChargeStatus::authorized) ++census.authorized;
            if (row.status == ChargeStatus::succeeded && record.at_risk.pending_refund > 0) ++census.refunding;
            if (row.status == ChargeStatus::needs_attention) ++census.needs_attention;
        }
    }

    [[nodiscard]] const std::map<std::string, GcraTime>& limits() const noexcept { return limits_; }
    /// Damages what is stored, as a bug or a foreign hand would.
    void overwrite_state(const std::string& id, std::string state) { records_.at(id).row.state = std::move(state); }

private:
    struct Operation {
        OperationRecord record;
        std::optional<WallTime> settled_at;
    };

    struct Record {
        ChargeRow row;
        std::uint64_t place = 0;  // rises with every new charge
        std::optional<WallTime> answered_at;
        std::vector<LedgerEntry> ledger;
        std::map<std::string, Operation> operations;
        AtRisk at_risk;
    };

    static void keep(Record& record, const OperationRecord& given, WallTime now) {
        Operation& kept = record.operations.try_emplace(given.id, Operation{given, std::nullopt}).first->second;
        if (!given.answer || kept.settled_at) return;
        kept.record.answer = given.answer;
        kept.settled_at = now;
    }

    void book(Record& record, LedgerEntry entry, WallTime now) {
        const WallTime at = entry.moved_at.value_or(now);
        entry.moved_at = at;
        record.ledger.push_back(entry);
        booked_.push_back({record.row.id, std::move(entry), at});
    }

    [[nodiscard]] static std::optional<std::uint64_t> place_in(const std::string& cursor) {
        std::uint64_t place = 0;
        const char* const end = cursor.data() + cursor.size();
        const auto [read_to, error] = std::from_chars(cursor.data(), end, place);
        return error == std::errc{} && read_to == end ? std::optional(place) : std::nullopt;
    }

    template <class Query, class Wanted>
    [[nodiscard]] Result<ChargePage> newest(const Query& query, Wanted wanted) const {
        const std::optional<std::uint64_t> before = query.cursor.empty() ? UINT64_MAX : place_in(query.cursor);
        const bool ours = query.cursor.empty() || (before && *before <= records_.size());
        if (!ours) return fail(Code::bad_request, "the cursor is not one that was given out");

        std::vector<const Record*> fitting;
        for (const auto& [id, record] : records_) {
            if (record.place < *before && wanted(record)) fitting.push_back(&record);
        }
        std::ranges::sort(fitting, std::greater<>(), [](const Record* record) { return record->place; });
        ChargePage page;
        for (const Record* record : fitting) {
            if (page.rows.size() == query.limit) break;
            page.rows.push_back(record->row);
            page.next_cursor = std::to_string(record->place);
        }
        if (page.rows.size() == fitting.size()) page.next_cursor.clear();
        return page;
    }

    void own(Record& record, WallTime lease_until) {
        ++record.row.fence;
        record.row.lease_until = lease_until;
        owners.emplace_back(record.row.id, record.row.fence);
    }

    void add_event(const Velocity& velocity, const ChargeRow& row, const char* what, WallTime at) {
        Events& events = velocities_[velocity.key];
        const bool begins = std::string_view(what) == "begun";
        std::erase_if(events,
                      [&](const Event& one) { return begins && std::get<1>(one) == row.id && std::get<3>(one) == what; });
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
        record.at_risk = {};
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

    std::map<std::string, Record> records_;
    std::vector<BookedEntry> booked_;
    Milliseconds answer_ttl_{0};
    std::map<std::string, GcraTime> limits_;
    using Event = std::tuple<WallTime, std::string, std::uint64_t, std::string>;  // when, of which charge and fence, what
    using Events = std::set<Event>;
    std::map<std::string, Events> velocities_;
};

}  // namespace tollgate::test
