#include <algorithm>

#include "async/all_of.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

constexpr std::size_t claimed_at_once_max = 64;  // a partition

Words arguments_of(const Transition& t, std::string number) {
    Words words;
    words.add(static_cast<std::int64_t>(t.fence)).add(std::move(number)).add(standing_of(t.status, t.live, t.frees_key));
    words.ref(t.state).add(t.due_at ? text_of(*t.due_at) : std::string()).add(text_of(t.lease_until));
    words.add(t.answer && !t.frees_key ? answer_field(*t.answer) : std::string()).add(text_of(t.now)).ref(t.id);
    words.add(static_cast<std::int64_t>(t.ledger.size())).add(static_cast<std::int64_t>(t.velocities.size()));
    for (const LedgerEntry& entry : t.ledger) words.add(ledger_name(entry)).add(ledger_value(entry, t.now));
    for (const Velocity& velocity : t.velocities) words.add(velocity.window.count()).add(velocity.max);
    return words;
}

std::optional<Taken::Kind> taken_kind(std::string_view what) {
    using Kind = Taken::Kind;
    if (what == "t") return Kind::taken;
    if (what == "?") return Kind::unknown;
    if (what == "q") return Kind::waits;
    if (what == "e") return Kind::finished;
    if (what == "o") return Kind::owned;
    return std::nullopt;
}

}  // namespace

Task<Result<void>> StoreCore::advance(Lane& lane, Transition transition) {
    saw(transition.now, {});
    const int partition = partition_of_charge(transition.id);
    const Keys names(partition);
    Words keys;
    keys.add(names.row(transition.id)).add(names.due()).add(names.answers()).add(names.ledger(transition.id));
    for (const Velocity& velocity : transition.velocities) keys.add(names.velocity(velocity.key));
    Words arguments = arguments_of(transition, next_name());
    const Answer answer = co_await run(
        lane, Run{scripts().advance, partition, transition.id, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    if (answer->text() == "lease") co_return fail(Code::lease_lost, "another owner has taken the charge up");
    if (answer->text() == "older") co_return fail(Code::lease_lost, "a newer step of this charge was written before");
    transitions_.fetch_add(1, std::memory_order_relaxed);
    co_return Result<void>();
}

/// The longest waiting of each partition, for those that have one.
Task<Result<std::vector<StoreCore::Waiting>>> StoreCore::look_for_due(Lane& lane, WallTime now, SteadyTime by) {
    const std::string until = text_of(now);
    std::vector<Task<Answer>> looks;
    for (int i = 0; i < partitions; ++i) {
        Command look{"ZRANGE", Keys(i).due(), "-inf", until, "BYSCORE", "LIMIT", "0", "1", "WITHSCORES"};
        looks.push_back(command(lane, std::move(look), i, by));
    }
    const std::vector<Answer> answers = co_await all_of(lane.runtime, std::move(looks));
    std::vector<Waiting> waiting;
    std::optional<Failure> failure;
    for (int i = 0; i < partitions; ++i) {
        const Answer& answer = answers[static_cast<std::size_t>(i)];
        if (!answer) failure = answer.error();
        if (answer && answer->size() == 2) waiting.push_back({i, (*answer)[1].integer()});
    }
    // A master that is away holds nobody up who waits at another one.
    if (waiting.empty() && failure) co_return fail(not_read());
    std::ranges::sort(waiting, {}, &Waiting::since);
    co_return waiting;
}

Task<Result<std::vector<ChargeRow>>> StoreCore::claim_some(Lane& lane, int partition, WallTime now, WallTime lease_until,
                                                           std::size_t limit) {
    const Keys names(partition);
    const std::string nonce = next_name();
    Words keys;
    keys.add(names.due()).add(names.claimed(nonce));
    Words arguments;
    arguments.add(text_of(now)).add(text_of(lease_until)).add(static_cast<std::int64_t>(limit)).ref(nonce);
    const Answer answer =
        co_await run(lane, Run{scripts().claim, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    std::vector<ChargeRow> rows;
    for (std::size_t i = 0; i + 1 < answer->size(); i += 2) {
        rows.push_back(read_row((*answer)[i].text(), (*answer)[i + 1]).row);
    }
    transitions_.fetch_add(rows.size(), std::memory_order_relaxed);
    co_return rows;
}

Task<Result<std::vector<ChargeRow>>> StoreCore::claim(Lane& lane, WallTime now, WallTime lease_until, std::size_t limit) {
    saw(now, {});
    const Result<std::vector<Waiting>> due = co_await look_for_due(lane, now, deadline(lane));
    if (!due) co_return fail(due.error());
    // Each partition gets an equal share, those that wait longest what is over.
    const std::size_t some = std::min(due->size(), limit);
    std::vector<Task<Result<std::vector<ChargeRow>>>> claims;
    for (std::size_t i = 0; i < some; ++i) {
        const std::size_t share = std::min(limit / some + (i < limit % some ? 1 : 0), claimed_at_once_max);
        claims.push_back(claim_some(lane, (*due)[i].partition, now, lease_until, share));
    }
    std::vector<Result<std::vector<ChargeRow>>> answers = co_await all_of(lane.runtime, std::move(claims));
    std::vector<ChargeRow> claimed;
    std::optional<PaymentError> failure;
    for (Result<std::vector<ChargeRow>>& answer : answers) {
        if (!answer) failure = std::move(answer.error());
        if (answer) std::ranges::move(*answer, std::back_inserter(claimed));
    }
    if (claimed.empty() && failure) co_return fail(std::move(*failure));
    co_return claimed;
}

Task<Result<Taken>> StoreCore::take(Lane& lane, std::string id, WallTime now, WallTime lease_until, Reach reach) {
    saw(now, {});
    const int partition = partition_of_charge(id);
    const Keys names(partition);
    const std::string nonce = next_name();
    Words keys;
    keys.add(names.row(id)).add(names.due()).add(names.claimed(nonce));
    Words arguments;
    arguments.add(text_of(now)).add(text_of(lease_until)).ref(nonce).ref(id);
    arguments.add(std::string(reach == Reach::any ? "1" : ""));
    const Answer answer =
        co_await run(lane, Run{scripts().take, partition, id, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    const std::optional<Taken::Kind> kind = taken_kind((*answer)[0].text());
    if (!kind) co_return fail(Code::store_unknown, "the store answered a take in a way nobody here knows; check its version");
    if (*kind == Taken::Kind::unknown) co_return Taken{};
    if (*kind == Taken::Kind::taken) transitions_.fetch_add(1, std::memory_order_relaxed);
    co_return Taken{.kind = *kind, .row = read_row(id, (*answer)[1]).row};
}

}  // namespace tollgate::redis
