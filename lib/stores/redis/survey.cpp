// The charges of all tenants lie in 64 partitions, each with an order of arrival of its own. A page merges them by the time of
// their creation; how far each partition has been told is kept in the cursor, so that every charge comes once whatever the
// clocks say.
#include <algorithm>
#include <array>

#include "async/all_of.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

constexpr std::string_view cursor_mark = "rs";
constexpr std::string_view looks_at = "256";  // members of lists, a script

constexpr char refunding = 'f';  // the letter of their list: shared.lua

constexpr std::int64_t nothing_left = 0;
constexpr std::int64_t from_the_newest = -1;

/// For each partition, before which place it goes on.
using Positions = std::array<std::int64_t, partitions>;

/// Two digits of the partition and the place, for each that has something left; a dot between them.
std::string cursor_at(const Positions& positions) {
    std::string cursor;
    for (int i = 0; i < partitions; ++i) {
        const std::int64_t place = positions[static_cast<std::size_t>(i)];
        if (place == nothing_left) continue;
        cursor += cursor.empty() ? cursor_mark : ".";
        cursor.append(1, static_cast<char>('0' + i / 10)).append(1, static_cast<char>('0' + i % 10));
        cursor += std::to_string(place);
    }
    return cursor;
}

std::optional<Positions> positions_in(std::string_view cursor) {
    Positions positions{};
    if (cursor.empty()) {
        positions.fill(from_the_newest);
        return positions;
    }
    for (std::string_view rest = cursor.substr(std::min(cursor.size(), cursor_mark.size())); !rest.empty();) {
        const std::string_view entry = rest.substr(0, rest.find('.'));
        rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
        const std::int64_t partition = number_of(entry.substr(0, 2));
        const std::int64_t place = number_of(entry.substr(std::min<std::size_t>(entry.size(), 2)));
        if (partition < 0 || partition >= partitions || place <= 0) return std::nullopt;
        positions[static_cast<std::size_t>(partition)] = place;
    }
    if (cursor_at(positions) != cursor) return std::nullopt;
    return positions;
}

std::string letters_of(const SurveyQuery& query) {
    std::string letters;
    for (const ChargeStatus status : query.statuses) letters += letter_of(status);
    const bool all_succeeded = std::ranges::find(query.statuses, ChargeStatus::succeeded) != query.statuses.end();
    if (query.refunding && !all_succeeded) letters += refunding;
    return letters;
}

bool fits(const SurveyQuery& query, const StoredRow& stored) {
    if (!query.order_id.empty()) return stored.row.order_id == query.order_id;
    if (!query.customer_id.empty()) return stored.row.customer_id == query.customer_id;
    if (std::ranges::find(query.statuses, stored.row.status) != query.statuses.end()) return true;
    return query.refunding && stored.row.status == ChargeStatus::succeeded && stored.at_risk.pending_refund > 0;
}

}  // namespace

/// What a look at one partition has found, the newest first, and the place down to which it has looked.
struct StoreCore::Found {
    struct Charge {
        std::string id;
        std::int64_t place = 0;
        WallTime created_at{};
    };
    std::vector<Charge> charges;
    std::size_t taken = 0;  // of these, for the page
    std::int64_t down_to = nothing_left;

    [[nodiscard]] bool used_up() const noexcept { return taken == charges.size(); }
    [[nodiscard]] const Charge& next() const { return charges[taken]; }
    /// Where the next page goes on; a charge that arrives meanwhile is newer than this one.
    [[nodiscard]] std::int64_t position() const {
        if (used_up()) return down_to;
        return taken > 0 ? charges[taken - 1].place : charges.front().place + 1;
    }
};

namespace {

/// The partition whose next charge is the newest. None: there is no charge left, or a partition would have to be looked at
/// again to tell.
template <class Found>
Found* newest_of(std::vector<Found>& all) {
    Found* newest = nullptr;
    for (Found& found : all) {
        if (found.used_up() && found.down_to != nothing_left) return nullptr;
        if (found.used_up()) continue;
        if (newest == nullptr || found.next().created_at > newest->next().created_at) newest = &found;
    }
    return newest;
}

}  // namespace

Task<Result<StoreCore::Found>> StoreCore::look_at(Lane& lane, int partition, std::int64_t before, const SurveyQuery& query,
                                                  std::size_t most, SteadyTime by) {
    Found found;
    if (before == nothing_left) co_return found;
    const std::string key = Keys(partition).tenants();
    const std::string from = before == from_the_newest ? "+inf" : "(" + std::to_string(before);
    const std::string count = std::to_string(most);
    const std::string letters = letters_of(query);
    std::string order;
    if (!query.order_id.empty()) add_behind_length(order, query.order_id);
    const Answer look =
        co_await lane.client->run(scripts().survey, {key}, {from, count, letters, looks_at, order, query.customer_id}, by);
    if (!look) co_return fail(not_read());
    found.down_to = number_of((*look)[0].text());
    for (std::size_t i = 1; i + 2 < look->size(); i += 3) {
        found.charges.push_back(
            {std::string((*look)[i].text()), number_of((*look)[i + 1].text()), time_of((*look)[i + 2].text())});
    }
    co_return found;
}

Task<Result<ChargePage>> StoreCore::survey(Lane& lane, SurveyQuery query) {
    std::optional<Positions> positions = positions_in(query.cursor);
    if (!positions) {
        co_return fail(Code::bad_request, "the cursor is not one that was given out; leave it away to begin anew");
    }
    const SteadyTime by = deadline(lane);
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 100);
    std::vector<Task<Result<Found>>> looks;
    for (int i = 0; i < partitions; ++i) {  // one more than a page can use up tells that a partition has more
        looks.push_back(look_at(lane, i, (*positions)[static_cast<std::size_t>(i)], query, limit + 1, by));
    }
    std::vector<Result<Found>> answers = co_await all_of(lane.runtime, std::move(looks));
    std::vector<Found> all;
    for (Result<Found>& answer : answers) {
        if (!answer) co_return fail(std::move(answer.error()));
        all.push_back(std::move(*answer));
    }
    std::vector<Task<Answer>> reads;
    std::vector<std::string> ids;
    while (reads.size() < limit) {
        Found* const newest = newest_of(all);
        if (newest == nullptr) break;
        const std::string& id = ids.emplace_back(newest->charges[newest->taken++].id);
        const int partition = partition_of_charge(id);
        reads.push_back(command(lane, {"HGETALL", Keys(partition).row(id)}, partition, by));
    }
    ChargePage page;
    const std::vector<Answer> rows = co_await all_of(lane.runtime, std::move(reads));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i]) co_return fail(not_read());
        if (rows[i]->size() == 0) continue;
        StoredRow stored = read_row(ids[i], *rows[i]);
        if (fits(query, stored)) page.rows.push_back(std::move(stored.row));  // else it has moved on since the look
    }
    std::ranges::transform(all, positions->begin(), [](const Found& found) { return found.position(); });
    page.next_cursor = cursor_at(*positions);
    co_return page;
}

}  // namespace tollgate::redis
