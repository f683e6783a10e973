#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stores/redis/audit_buffer.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/lanes.hpp"
#include "stores/redis/redis_store.hpp"

/// What the operations of RedisStore have in common. All coroutines run on the lane's loop.
namespace tollgate::redis {

/// Words of a command: those made for it live as long as this.
class Words {
public:
    Words& ref(std::string_view text) {
        views_.push_back(text);
        return *this;
    }
    Words& add(std::string text) { return ref(made_.emplace_back(std::move(text))); }
    Words& add(std::int64_t number) { return add(std::to_string(number)); }
    [[nodiscard]] std::vector<std::string_view>& views() noexcept { return views_; }

private:
    std::deque<std::string> made_;
    std::vector<std::string_view> views_;
};

/// What goes into one script: the keys lie in `partition`. `charge` is whose audit records have to be written first.
struct Run {
    const Script& script;
    int partition;
    std::string_view charge;
    std::vector<std::string_view> keys;
    std::vector<std::string_view> arguments;
};

/// For what may have been written, and for what only reads. Clients see these sentences: why is for the log and /health.
[[nodiscard]] PaymentError not_written(const Failure& failure);
[[nodiscard]] PaymentError not_read();

class StoreCore : public std::enable_shared_from_this<StoreCore> {
public:
    StoreCore(RedisStoreOptions options, std::unique_ptr<Lanes> lanes, std::string instance);

    Task<Result<Begun>> begin(Lane& lane, BeginCharge begin);
    Task<Result<void>> advance(Lane& lane, Transition transition);
    Task<Result<std::vector<ChargeRow>>> claim(Lane& lane, WallTime now, WallTime lease_until, std::size_t limit);
    Task<Result<Taken>> take(Lane& lane, std::string id, WallTime now, WallTime lease_until, Reach reach,
                             std::string operation);  // empty: for none
    Task<Result<std::optional<ChargeRow>>> find(Lane& lane, std::string id);
    Task<Result<ChargePage>> page(Lane& lane, ChargeQuery query);
    Task<Result<ChargePage>> survey(Lane& lane, SurveyQuery query);
    Task<Result<std::vector<ChargeRow>>> expiring(Lane& lane, WallTime until, std::size_t limit);
    Task<Result<std::optional<std::string>>> charge_of(Lane& lane, std::string gateway_id);
    Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk(Lane& lane);
    Task<Result<std::vector<LedgerEntry>>> ledger(Lane& lane, std::string charge_id);

    Task<Result<Accepted>> accept(Lane& lane, Event event, Milliseconds lease);
    Task<Result<std::vector<StoredEvent>>> claim(Lane& lane, EventQueue queue, WallTime now, Milliseconds lease,
                                                 std::size_t limit);
    Task<Result<void>> settle(Lane& lane, std::vector<Settlement> settlements, WallTime now);
    Task<Result<std::optional<StoredEvent>>> find_event(Lane& lane, std::string id);
    Task<Result<EventPage>> dead_letters(Lane& lane, DeadLetterQuery query);
    Task<Result<EventPage>> archive(Lane& lane, ArchiveQuery query);
    Task<Result<Replayed>> replay(Lane& lane, std::string id, WallTime now);

    Task<Result<LedgerPage>> ledger_of(Lane& lane, LedgerQuery query);
    Task<Result<std::optional<std::uint64_t>>> claim_run(Lane& lane, std::chrono::sys_days day, WallTime now,
                                                         WallTime lease_until, WallTime done_since);
    Task<Result<void>> extend_run(Lane& lane, std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until);
    Task<Result<void>> finish_run(Lane& lane, std::chrono::sys_days day, std::uint64_t fence, std::string report, WallTime now);
    Task<Result<std::optional<ReconciliationRun>>> find_run(Lane& lane, std::chrono::sys_days day);
    Task<Result<void>> note_action(Lane& lane, std::chrono::sys_days day, std::string action);
    Task<Result<bool>> is_noted(Lane& lane, std::chrono::sys_days day, std::string action);

    Task<Result<void>> open_session(Lane& lane, Session session, WallTime now);
    Task<Result<std::optional<Session>>> find_session(Lane& lane, std::string id, WallTime now);
    Task<Result<void>> end_session(Lane& lane, std::string id);

    Task<Result<Census>> census(Lane& lane, WallTime now);
    Task<Result<void>> check(Lane& lane);
    Task<Result<std::size_t>> sweep(Lane& lane);

    void append(AuditRecord record);
    /// Hands in what is left of the audit log, on a connection of its own. Blocks.
    void last_words();

    /// Begins what goes on in the background.
    void start();
    /// Ends it; what is still suspended is never resumed.
    void stop() noexcept;

    [[nodiscard]] Lanes& lanes() noexcept { return *lanes_; }
    /// Of an operation that begins now.
    [[nodiscard]] SteadyTime deadline(const Lane& lane) const { return lane.runtime.clock.steady() + options_.timeout; }
    [[nodiscard]] RedisStore::Written written() const noexcept { return {transitions_.load(), scripts_.load()}; }

private:
    /// Twelve characters of this start, and a number that rises: no two are alike.
    [[nodiscard]] std::string next_name() { return instance_ + std::to_string(++names_); }
    void saw(WallTime now, Milliseconds answer_ttl) noexcept;

    /// Runs a script that writes, with the audit records that wait.
    Task<Answer> run(Lane& lane, Run script);
    Task<void> bring_home(Lane& lane, std::string_view charge, int partition, SteadyTime by);
    static Task<bool> send_audit(Client& client, AuditBuffer& buffer, int partition, SteadyTime by);
    Task<Answer> command(Lane& lane, Command command, int partition, SteadyTime by);

    Task<Result<std::vector<ChargeRow>>> claim_some(Lane& lane, int partition, WallTime now, WallTime lease_until,
                                                    std::size_t limit);
    Task<Answer> look_for_events(Lane& lane, EventQueue queue, int partition, WallTime now, SteadyTime by);
    Task<Result<std::vector<StoredEvent>>> claim_some_events(Lane& lane, EventQueue queue, int partition, WallTime now,
                                                             Milliseconds lease, std::size_t limit);
    Task<Result<void>> settle_some(Lane& lane, int partition, std::vector<Settlement> settlements, WallTime now);
    Task<Result<void>> write_run(Lane& lane, std::chrono::sys_days day, Words arguments);
    struct EventLists;
    struct EventList;
    Task<bool> read_on(Lane& lane, const EventLists& lists, EventList& list, int partition, std::size_t count, SteadyTime by);
    Task<Result<std::vector<std::string>>> merge(Lane& lane, EventLists lists, std::size_t limit, SteadyTime by);
    Task<Result<EventPage>> event_page(Lane& lane, EventLists lists, std::size_t limit);

    struct Found;
    static Task<Result<Found>> look_at(Lane& lane, int partition, std::int64_t before, const SurveyQuery& query,
                                       std::size_t most, SteadyTime by);
    Task<Result<void>> probe(Lane& lane, std::uint16_t slot, SteadyTime by);
    Task<Result<std::size_t>> sweep_all(Lane& lane, const Script& script, std::vector<std::string (Keys::*)() const> keys,
                                        Milliseconds life);

    static Task<void> hand_in(std::shared_ptr<StoreCore> core, std::shared_ptr<Lane> lane);
    static Task<void> sweep_for_ever(std::shared_ptr<StoreCore> core, std::shared_ptr<Lane> lane);

    const RedisStoreOptions options_;
    const std::unique_ptr<Lanes> lanes_;
    const std::string instance_;
    std::atomic<std::uint64_t> names_{0};
    std::atomic<std::uint64_t> transitions_{0};
    std::atomic<std::uint64_t> scripts_{0};
    std::atomic<WallTime> now_{};
    std::atomic<Milliseconds> answer_ttl_{Milliseconds(0)};
};

}  // namespace tollgate::redis
