#include "stores/redis/claims.hpp"
#include "stores/redis/event_rows.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

Words arguments_of(const Transition& t, std::string number) {
    Words words;
    words.add(static_cast<std::int64_t>(t.fence)).add(std::move(number)).add(standing_of(t.status, t.live, t.frees_key));
    words.ref(t.state).add(t.due_at ? text_of(*t.due_at) : std::string()).add(text_of(t.lease_until));
    words.add(t.answer && !t.frees_key ? answer_field(*t.answer) : std::string()).add(text_of(t.now)).ref(t.id);
    words.add(static_cast<std::int64_t>(t.ledger.size())).add(static_cast<std::int64_t>(t.velocities.size()));
    words.add(static_cast<std::int64_t>(t.events.size())).add(static_cast<std::int64_t>(t.operations.size()));
    words.add(risk_field(t.at_risk));
    for (const LedgerEntry& entry : t.ledger) {
        const WallTime at = entry.moved_at.value_or(t.now);
        words.add(ledger_name(entry)).add(ledger_value(entry, at)).add(day_name(at));
    }
    for (const Velocity& velocity : t.velocities) words.add(velocity.window.count()).add(velocity.max);
    for (const Event& event : t.events) {
        words.ref(event.id).add(text_of(event.at)).ref(event.fingerprint).add(event_value(event));
    }
    for (const OperationRecord& operation : t.operations) {
        std::string fingerprint;
        add_behind_length(fingerprint, operation.fingerprint);
        words.ref(operation.id).add(std::move(fingerprint));
        words.add(operation.answer ? answer_field(*operation.answer) : std::string());
    }
    return words;
}

std::optional<Taken::Kind> taken_kind(std::string_view what) {
    using Kind = Taken::Kind;
    if (what == "t") return Kind::taken;
    if (what == "?") return Kind::unknown;
    if (what == "q") return Kind::waits;
    if (what == "e") return Kind::finished;
    if (what == "o") return Kind::owned;
    if (what == "k") return Kind::known;
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
    const SteadyTime by = deadline(lane);
    const std::string until = text_of(now);
    std::vector<Task<Answer>> looks;
    for (int i = 0; i < partitions; ++i) {
        Command look{"ZRANGE", Keys(i).due(), "-inf", until, "BYSCORE", "LIMIT", "0", "1", "WITHSCORES"};
        looks.push_back(command(lane, std::move(look), i, by));
    }
    co_return co_await claim_everywhere<ChargeRow>(lane, std::move(looks), limit, [&](int partition, std::size_t share) {
        return claim_some(lane, partition, now, lease_until, share);
    });
}

Task<Result<Taken>> StoreCore::take(Lane& lane, std::string id, WallTime now, WallTime lease_until, Reach reach,
                                    std::string operation) {
    saw(now, {});
    const int partition = partition_of_charge(id);
    const Keys names(partition);
    const std::string nonce = next_name();
    Words keys;
    keys.add(names.row(id)).add(names.due()).add(names.claimed(nonce)).add(names.operations(id));
    Words arguments;
    arguments.add(text_of(now)).add(text_of(lease_until)).ref(nonce).ref(id);
    arguments.ref(reach == Reach::any ? "1" : "").ref(operation);
    const Answer answer =
        co_await run(lane, Run{scripts().take, partition, id, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    const std::optional<Taken::Kind> kind = taken_kind((*answer)[0].text());
    if (!kind) co_return fail(Code::store_unknown, "the store answered a take in a way nobody here knows; check its version");
    if (*kind == Taken::Kind::unknown) co_return Taken{};
    if (*kind == Taken::Kind::taken) transitions_.fetch_add(1, std::memory_order_relaxed);
    Taken taken{.kind = *kind, .row = read_row(id, (*answer)[1]).row, .operation = {}};
    if (*kind == Taken::Kind::known) taken.operation = read_operation(operation, (*answer)[2].text());
    co_return taken;
}

}  // namespace tollgate::redis
