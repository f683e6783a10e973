#include <algorithm>
#include <charconv>
#include <map>

#include "async/all_of.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

/// A cursor is the place of the last row given out.
constexpr std::string_view cursor_mark = "rd";
constexpr std::string_view looks_at = "256";  // members of a list, a script

std::string cursor_at(std::string_view place) {
    return std::string(cursor_mark) + std::string(place);
}

std::optional<std::string> place_in(std::string_view cursor) {
    if (!cursor.starts_with(cursor_mark)) return std::nullopt;
    const std::string place(cursor.substr(cursor_mark.size()));
    const std::int64_t number = number_of(place);
    if (number <= 0 || std::to_string(number) != place) return std::nullopt;
    return place;
}

std::string list_of(const ChargeQuery& query, const Keys& keys) {
    if (!query.order_id.empty()) return keys.of_order(query.tenant, query.order_id);
    if (!query.status || *query.status == ChargeStatus::succeeded) return keys.of_tenant(query.tenant);
    return keys.of_status(*query.status, query.tenant);
}

}  // namespace

Task<Result<std::optional<ChargeRow>>> StoreCore::find(Lane& lane, std::string id) {
    const int partition = partition_of_charge(id);
    const Answer answer = co_await command(lane, {"HGETALL", Keys(partition).row(id)}, partition, deadline(lane));
    if (!answer) co_return fail(not_read());
    if (answer->size() == 0) co_return std::optional<ChargeRow>();
    co_return std::optional<ChargeRow>(read_row(id, *answer).row);
}

Task<Result<std::vector<CurrencyAtRisk>>> StoreCore::money_at_risk(Lane& lane) {
    const SteadyTime by = deadline(lane);
    std::vector<Task<Answer>> looks;
    for (int i = 0; i < partitions; ++i) looks.push_back(command(lane, {"HGETALL", Keys(i).at_risk()}, i, by));
    std::map<std::string, AtRisk, std::less<>> sums;
    for (const Answer& answer : co_await all_of(lane.runtime, std::move(looks))) {
        if (!answer) co_return fail(not_read());
        for (std::size_t i = 0; i + 1 < answer->size(); i += 2) {
            const std::string_view name = (*answer)[i].text();
            const std::size_t space = std::min(name.find(' '), name.size());
            const std::string_view what = name.substr(space);
            AtRisk& sum = sums[std::string(name.substr(0, space))];
            const std::int64_t amount = number_of((*answer)[i + 1].text());
            if (what == " u") sum.unknown += amount;
            if (what == " c") sum.uncaptured += amount;
            if (what == " r") sum.pending_refund += amount;
        }
    }
    std::vector<CurrencyAtRisk> all;
    for (auto& [currency, sum] : sums) {
        if (sum != AtRisk{}) all.push_back({currency, sum});
    }
    co_return all;
}

Task<Result<std::vector<LedgerEntry>>> StoreCore::ledger(Lane& lane, std::string charge_id) {
    const int partition = partition_of_charge(charge_id);
    const Answer answer = co_await command(lane, {"HGETALL", Keys(partition).ledger(charge_id)}, partition, deadline(lane));
    if (!answer) co_return fail(not_read());
    co_return read_ledger(*answer);
}

/// The earliest of each partition, then of all these.
Task<Result<std::vector<ChargeRow>>> StoreCore::expiring(Lane& lane, WallTime until, std::size_t limit) {
    const SteadyTime by = deadline(lane);
    const std::size_t most = std::min<std::size_t>(limit, 100);
    const std::string before = "(" + text_of(until);
    const std::string count = std::to_string(most);
    std::vector<Task<Answer>> looks;
    for (int i = 0; i < partitions; ++i) {
        Command look{"ZRANGE", Keys(i).authorized(), "-inf", before, "BYSCORE", "LIMIT", "0", count, "WITHSCORES"};
        looks.push_back(command(lane, std::move(look), i, by));
    }
    std::vector<std::pair<std::int64_t, std::string>> due;
    for (const Answer& answer : co_await all_of(lane.runtime, std::move(looks))) {
        if (!answer) co_return fail(not_read());
        for (std::size_t i = 0; i + 1 < answer->size(); i += 2) {
            due.emplace_back((*answer)[i + 1].integer(), (*answer)[i].text());
        }
    }
    std::ranges::sort(due);
    due.resize(std::min(due.size(), most));
    std::vector<Task<Answer>> reads;
    for (const auto& [at, id] : due) {
        const int partition = partition_of_charge(id);
        reads.push_back(command(lane, {"HGETALL", Keys(partition).row(id)}, partition, by));
    }
    std::vector<ChargeRow> rows;
    const std::vector<Answer> answers = co_await all_of(lane.runtime, std::move(reads));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i]) co_return fail(not_read());
        ChargeRow row = read_row(due[i].second, *answers[i]).row;
        const bool moved_on = row.status != ChargeStatus::authorized || !row.due_at || *row.due_at >= until;
        if (!moved_on) rows.push_back(std::move(row));
    }
    co_return rows;
}

/// Nothing of a gateway's id tells where its charge lies.
Task<Result<std::optional<std::string>>> StoreCore::charge_of(Lane& lane, std::string gateway_id) {
    const SteadyTime by = deadline(lane);
    std::vector<Task<Answer>> looks;
    for (int i = 0; i < partitions; ++i) looks.push_back(command(lane, {"GET", Keys(i).of_gateway(gateway_id)}, i, by));
    bool deaf = false;
    for (const Answer& answer : co_await all_of(lane.runtime, std::move(looks))) {
        if (answer && !answer->is_nil()) co_return std::optional<std::string>(answer->text());
        deaf = deaf || !answer;
    }
    if (deaf) co_return fail(not_read());
    co_return std::optional<std::string>();
}

Task<Result<ChargePage>> StoreCore::page(Lane& lane, ChargeQuery query) {
    std::string before = "+inf";
    if (!query.cursor.empty()) {
        const std::optional<std::string> at = place_in(query.cursor);
        if (!at) co_return fail(Code::bad_request, "the cursor is not one that was given out; leave it away to begin anew");
        before = "(" + *at;
    }
    const SteadyTime by = deadline(lane);
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 100);
    const std::string list = list_of(query, Keys(partition_of_tenant(query.tenant)));
    const std::string status(query.status ? 1 : 0, query.status ? letter_of(*query.status) : ' ');
    ChargePage page;
    std::string last;
    for (bool end = false; !end;) {
        const std::string wanted = std::to_string(limit + 1 - page.rows.size());  // one more tells whether there is a next page
        const Answer look = co_await lane.client->run(scripts().page, {list}, {before, wanted, status, looks_at}, by);
        if (!look) co_return fail(not_read());
        for (std::size_t i = 2; i + 2 < look->size(); i += 3) {
            if (page.rows.size() == limit) {
                page.next_cursor = cursor_at(last);
                co_return page;
            }
            page.rows.push_back(read_row((*look)[i].text(), (*look)[i + 2]).row);
            last = (*look)[i + 1].text();
        }
        end = (*look)[1].text() != "0" || (*look)[0].is_nil();
        before = "(" + std::string((*look)[0].text());
    }
    co_return page;
}

}  // namespace tollgate::redis
