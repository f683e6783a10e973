// A day's ledger lies in 64 partitions, in each as a list that only grows; a page is a piece of one of them. Runs and notes of
// a day lie in one partition, which follows from the day.
#include <algorithm>

#include "stores/placement.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

using std::chrono::sys_days;

int partition_of_day(sys_days day) noexcept {
    const auto number = day.time_since_epoch().count() % partitions;
    return static_cast<int>(number < 0 ? number + partitions : number);
}

/// Where a page begins; as a cursor two letters, two digits of the partition, and the index in its list.
struct Place {
    int partition = 0;
    std::int64_t index = 0;
};

std::string cursor_at(Place place) {
    return (place.partition < 10 ? "rl0" : "rl") + std::to_string(place.partition) + std::to_string(place.index);
}

std::optional<Place> place_in(std::string_view cursor) {
    constexpr std::size_t head = 4;
    if (cursor.empty()) return Place{};
    if (cursor.size() <= head) return std::nullopt;
    const Place place{static_cast<int>(number_of(cursor.substr(2, 2))), number_of(cursor.substr(head))};
    const bool sound = place.partition >= 0 && place.partition < partitions && place.index >= 0 && cursor_at(place) == cursor;
    return sound ? std::optional(place) : std::nullopt;
}

std::unexpected<PaymentError> lost() {
    return fail(Code::lease_lost, "another run of this day has begun, or it is done");
}

}  // namespace

Task<Result<LedgerPage>> StoreCore::ledger_of(Lane& lane, LedgerQuery query) {
    const std::optional<Place> from = place_in(query.cursor);
    if (!from) co_return fail(Code::bad_request, "the cursor is not one that was given out; leave it away to begin anew");
    const auto limit = static_cast<std::int64_t>(std::clamp<std::size_t>(query.limit, 1, 1000));
    const std::string list = Keys(from->partition).day(query.day);
    const std::string first = std::to_string(from->index);
    const std::string last = std::to_string(from->index + limit - 1);
    const Answer answer = co_await command(lane, {"LRANGE", list, first, last}, from->partition, deadline(lane));
    if (!answer) co_return fail(not_read());
    LedgerPage page;
    for (std::size_t i = 0; i < answer->size(); ++i) page.entries.push_back(read_booked((*answer)[i].text()));
    if (std::ssize(page.entries) == limit) {
        page.next_cursor = cursor_at({from->partition, from->index + limit});
    } else if (from->partition + 1 < partitions) {
        page.next_cursor = cursor_at({from->partition + 1, 0});
    }
    co_return page;
}

Task<Result<std::optional<std::uint64_t>>> StoreCore::claim_run(Lane& lane, sys_days day, WallTime now, WallTime lease_until,
                                                                WallTime done_since) {
    const int partition = partition_of_day(day);
    const Keys names(partition);
    Words keys;
    keys.add(names.run(day)).add(names.claimed(next_name()));
    Words arguments;
    arguments.add(text_of(now)).add(text_of(lease_until)).add(text_of(done_since));
    const Answer answer =
        co_await run(lane, Run{scripts().run_claim, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    std::optional<std::uint64_t> fence;
    if (!answer->text().empty()) fence = static_cast<std::uint64_t>(number_of(answer->text()));
    co_return fence;
}

Task<Result<void>> StoreCore::extend_run(Lane& lane, sys_days day, std::uint64_t fence, WallTime lease_until) {
    Words words;
    words.add(static_cast<std::int64_t>(fence)).add(text_of(lease_until)).ref("").ref("");
    co_return co_await write_run(lane, day, std::move(words));
}

Task<Result<void>> StoreCore::finish_run(Lane& lane, sys_days day, std::uint64_t fence, std::string report, WallTime now) {
    Words words;
    words.add(static_cast<std::int64_t>(fence)).ref("0").add(text_of(now)).ref(report);
    co_return co_await write_run(lane, day, std::move(words));
}

Task<Result<void>> StoreCore::write_run(Lane& lane, sys_days day, Words arguments) {
    const int partition = partition_of_day(day);
    const Keys names(partition);
    Words keys;
    keys.add(names.run(day)).add(names.claimed(next_name()));
    const Answer answer =
        co_await run(lane, Run{scripts().run_write, partition, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    if (answer->text() == "lease") co_return lost();
    co_return Result<void>();
}

Task<Result<std::optional<ReconciliationRun>>> StoreCore::find_run(Lane& lane, sys_days day) {
    const int partition = partition_of_day(day);
    const Answer answer = co_await command(lane, {"HGETALL", Keys(partition).run(day)}, partition, deadline(lane));
    if (!answer) co_return fail(not_read());
    if (answer->size() == 0) co_return std::optional<ReconciliationRun>();
    ReconciliationRun run;
    for (std::size_t i = 0; i + 1 < answer->size(); i += 2) {
        const std::string_view name = (*answer)[i].text();
        const std::string_view value = (*answer)[i + 1].text();
        if (name == "f") run.fence = static_cast<std::uint64_t>(number_of(value));
        if (name == "l") run.lease_until = time_of(value);
        if (name == "a") run.finished_at = time_of(value);
        if (name == "b") run.report = value;
    }
    co_return std::optional(std::move(run));
}

Task<Result<void>> StoreCore::note_action(Lane& lane, sys_days day, std::string action) {
    const int partition = partition_of_day(day);
    const std::string key = Keys(partition).notes(day);
    const Answer answer = co_await run(lane, Run{scripts().note, partition, {}, {key}, {action}});
    if (!answer) co_return fail(not_written(answer.error()));
    co_return Result<void>();
}

Task<Result<bool>> StoreCore::is_noted(Lane& lane, sys_days day, std::string action) {
    const int partition = partition_of_day(day);
    const Answer answer = co_await command(lane, {"HEXISTS", Keys(partition).notes(day), action}, partition, deadline(lane));
    if (!answer) co_return fail(not_read());
    co_return answer->integer() == 1;
}

}  // namespace tollgate::redis
