#include <algorithm>
#include <iterator>

#include "stores/redis/claims.hpp"
#include "stores/redis/event_rows.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

// As in event_shared.lua: idle for so long, an entry of a stream may be claimed. It bounds leases.
constexpr std::string_view group = "tollgate";
constexpr std::string_view whole = "86400000";
constexpr std::int64_t lease_max = 86'400'000;

constexpr std::size_t settled_at_once_max = 256;  // a script

std::string lease_of(Milliseconds lease) {
    return std::to_string(std::clamp<std::int64_t>(lease.count(), 0, lease_max));
}

std::string_view letter_of(Settlement::Kind kind) noexcept {
    using Kind = Settlement::Kind;
    return kind == Kind::done ? "d" : kind == Kind::wait ? "w" : kind == Kind::retry ? "r" : "x";
}

PaymentError not_understood() {
    return {Code::store_unknown, "the store answered about an event in a way nobody here knows; check its version"};
}

}  // namespace

Task<Result<Accepted>> StoreCore::accept(Lane& lane, Event event, Milliseconds lease) {
    saw(event.at, {});
    const int partition = partition_of_event(event.id);
    const Keys names(partition);
    Words keys;
    keys.add(names.event(event.id)).add(names.archive());
    Words arguments;
    arguments.ref(event.id).add(next_name()).ref(event.fingerprint).add(text_of(event.at)).add(event_value(event));
    arguments.add(lease_of(lease));
    const Answer answer =
        co_await run(lane, Run{scripts().event_accept, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    if (answer->text() == "fresh") co_return Accepted::fresh;
    if (answer->text() == "duplicate") co_return Accepted::duplicate;
    if (answer->text() == "altered") co_return Accepted::altered;
    co_return fail(not_understood());
}

Task<Result<std::vector<StoredEvent>>> StoreCore::claim_some_events(Lane& lane, EventQueue queue, int partition, WallTime now,
                                                                    Milliseconds lease, std::size_t limit) {
    const Keys names(partition);
    Words keys;
    keys.add(names.stream(queue)).add(names.later(queue));
    Words arguments;
    arguments.add(std::string(1, redis::letter_of(queue))).add(text_of(now)).add(lease_of(lease));
    arguments.add(static_cast<std::int64_t>(limit));
    const Answer answer =
        co_await run(lane, Run{scripts().event_claim, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    std::vector<StoredEvent> events;
    for (std::size_t i = 0; i + 1 < answer->size(); i += 2) {
        events.push_back(read_event((*answer)[i].text(), (*answer)[i + 1]));
    }
    co_return events;
}

Task<Answer> StoreCore::look_for_events(Lane& lane, EventQueue queue, int partition, WallTime now, SteadyTime by) {
    const Keys names(partition);
    const std::string stream = names.stream(queue);
    const std::string later = names.later(queue);
    const std::string until = text_of(now);
    co_return co_await lane.client->run(scripts().event_due, {stream, later}, {until, group, whole}, by);
}

Task<Result<std::vector<StoredEvent>>> StoreCore::claim(Lane& lane, EventQueue queue, WallTime now, Milliseconds lease,
                                                        std::size_t limit) {
    saw(now, {});
    const SteadyTime by = deadline(lane);
    std::vector<Task<Answer>> looks;
    for (int i = 0; i < partitions; ++i) looks.push_back(look_for_events(lane, queue, i, now, by));
    Result<std::vector<StoredEvent>> events = co_await claim_everywhere<StoredEvent>(
        lane, std::move(looks), limit,
        [&](int partition, std::size_t share) { return claim_some_events(lane, queue, partition, now, lease, share); });
    if (events) std::ranges::sort(*events, {}, &StoredEvent::due_at);
    co_return events;
}

/// So many of one partition's.
Task<Result<void>> StoreCore::settle_some(Lane& lane, int partition, std::vector<Settlement> settlements, WallTime now) {
    const Keys names(partition);
    Words keys;
    keys.add(names.settled()).add(names.dead());
    Words arguments;
    arguments.add(text_of(now)).add(static_cast<std::int64_t>(settlements.size()));
    for (const Settlement& settlement : settlements) {
        arguments.ref(settlement.id).add(settlement.claim).ref(letter_of(settlement.kind));
        arguments.add(text_of(settlement.due_at.value_or(now))).ref(settlement.note);
    }
    const Answer answer =
        co_await run(lane, Run{scripts().event_settle, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    co_return Result<void>();
}

Task<Result<void>> StoreCore::settle(Lane& lane, std::vector<Settlement> settlements, WallTime now) {
    saw(now, {});
    std::array<std::vector<Settlement>, partitions> all;
    std::vector<Task<Result<void>>> scripts_of_all;
    const auto send = [&](int partition) {
        auto& some = all[static_cast<std::size_t>(partition)];
        if (!some.empty()) scripts_of_all.push_back(settle_some(lane, partition, std::exchange(some, {}), now));
    };
    for (Settlement& settlement : settlements) {
        const int partition = partition_of_event(settlement.id);
        auto& some = all[static_cast<std::size_t>(partition)];
        some.push_back(std::move(settlement));
        if (some.size() == settled_at_once_max) send(partition);
    }
    for (int i = 0; i < partitions; ++i) send(i);
    std::optional<PaymentError> failure;
    for (Result<void>& answer : co_await all_of(lane.runtime, std::move(scripts_of_all))) {
        if (!answer && (!failure || failure->code == Code::store_unavailable)) failure = std::move(answer.error());
    }
    if (failure) co_return fail(std::move(*failure));
    co_return Result<void>();
}

Task<Result<std::optional<StoredEvent>>> StoreCore::find_event(Lane& lane, std::string id) {
    const int partition = partition_of_event(id);
    const Answer answer = co_await command(lane, {"HGETALL", Keys(partition).event(id)}, partition, deadline(lane));
    if (!answer) co_return fail(not_read());
    if (answer->size() == 0) co_return std::optional<StoredEvent>();
    co_return std::optional<StoredEvent>(read_event(id, *answer));
}

Task<Result<Replayed>> StoreCore::replay(Lane& lane, std::string id, WallTime now) {
    saw(now, {});
    const int partition = partition_of_event(id);
    const Keys names(partition);
    Words keys;
    keys.add(names.event(id)).add(names.dead());
    Words arguments;
    arguments.ref(id).add(next_name()).add(text_of(now));
    const Answer answer =
        co_await run(lane, Run{scripts().event_replay, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    if (answer->text() == "replayed") co_return Replayed::replayed;
    if (answer->text() == "waiting") co_return Replayed::waiting;
    if (answer->text() == "unknown") co_return Replayed::unknown;
    co_return fail(not_understood());
}

}  // namespace tollgate::redis
