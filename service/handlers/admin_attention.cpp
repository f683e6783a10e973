#include "service/handlers/admin_attention.hpp"

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "core/json_writer.hpp"
#include "service/aside.hpp"
#include "service/handlers/event_json.hpp"
#include "service/handlers/saga_json.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t told_max = 20;      // of each list
constexpr std::size_t page_max = 100;     // as much as a store tells at once
constexpr int looks_max = 10;             // at the store, for one list
constexpr Milliseconds old_enough = 30s;  // for a call to have been lost
constexpr Milliseconds soon = 24h;        // for an authorization to run out
constexpr int days_looked_at = 8;         // as long as the service makes up for days by itself, and today

using Api = std::shared_ptr<const AttentionApi>;

struct List {
    std::vector<std::string> data;  // JSON texts
    std::size_t count = 0;          // of what was looked at
    bool more = false;              // there are others, or nobody has looked

    /// Counts one more; whether it is told as well.
    bool takes() {
        more = more || count >= told_max;
        return count++ < told_max;
    }
};

using Wanted = std::function<bool(const Result<Charge>&)>;

/// Charges that are wanted among those of the query, until so many were found.
Task<Result<List>> surveyed(Api api, SurveyQuery query, Wanted wanted, std::size_t enough) {
    List list;
    for (int look = 0; look < looks_max; ++look) {
        auto page = co_await api->charges.survey(query);
        if (!page) co_return fail(std::move(page.error()));
        for (const ChargeRow& row : page->rows) {
            const auto charge = from_state(row);
            if (wanted(charge) && list.takes()) list.data.push_back(to_saga_json(row, charge, api->runtime.clock.wall()));
        }
        query.cursor = std::move(page->next_cursor);
        if (query.cursor.empty() || list.count >= enough) break;
    }
    list.more = list.more || !query.cursor.empty();
    co_return list;
}

Task<Result<List>> needing_attention(Api api) {
    SurveyQuery query{.statuses = {ChargeStatus::needs_attention}, .limit = told_max};
    return surveyed(std::move(api), std::move(query), [](const auto&) { return true; }, told_max);
}

/// A call may have moved money and nobody knows; nor does anybody where the charge cannot be read.
Task<Result<List>> unknown_outcomes(Api api) {
    SurveyQuery query{.statuses = {ChargeStatus::processing}, .refunding = true, .limit = page_max};
    const auto unknown = [now = api->runtime.clock.wall()](const Result<Charge>& charge) {
        if (!charge) return true;
        const auto& intent = charge->intent;
        return intent && intent->sent && (intent->tries > 0 || now - intent->since >= old_enough);
    };
    return surveyed(std::move(api), std::move(query), unknown, page_max * looks_max);
}

Task<Result<List>> dead_letters(Api api) {
    List list;
    DeadLetterQuery query{.limit = told_max};
    for (int look = 0; look < looks_max && list.data.size() < told_max; ++look) {
        auto page = co_await api->events.dead_letters(query);
        if (!page) co_return fail(std::move(page.error()));
        for (const StoredEvent& stored : page->events)
            if (list.takes()) list.data.push_back(to_event_json(stored));
        query.cursor = std::move(page->next_cursor);
        if (query.cursor.empty()) break;
    }
    list.more = list.more || !query.cursor.empty();
    co_return list;
}

/// When an authorization is due says when somebody is to be told of it, which is before it ends.
Task<Result<List>> expiring(Api api) {
    const WallTime end = api->runtime.clock.wall() + soon;
    const auto rows = co_await api->charges.expiring(end, page_max);
    if (!rows) co_return fail(rows.error());
    List list;
    for (const ChargeRow& row : *rows) {
        const auto charge = from_state(row);
        if (charge && charge->authorization && charge->authorization->expires_at > end) continue;
        if (list.takes()) list.data.push_back(to_saga_json(row, charge, api->runtime.clock.wall()));
    }
    list.more = list.more || rows->size() == page_max;
    co_return list;
}

std::string_view text_of(const boost::json::object& found, std::string_view member) {
    const boost::json::value* value = found.if_contains(member);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// What is late only came on another day, and wants nothing.
bool wants_somebody(const boost::json::object& found) {
    using namespace reconciliation;
    const std::string_view action = text_of(found, "action");
    return action != name(Action::replay) && action != name(Action::adopt) && text_of(found, "kind") != name(Kind::late);
}

/// Of a report as the service has written it.
Result<void> add_discrepancies(const std::string& text, std::chrono::sys_days day, List& list) {
    const std::string date = to_rfc3339(day).substr(0, 10);
    boost::system::error_code error;
    boost::json::value report = boost::json::parse(text, error);
    boost::json::object* const whole = report.if_object();
    boost::json::value* const all = whole == nullptr ? nullptr : whole->if_contains("discrepancies");
    if (error || all == nullptr || !all->is_array()) return fail(Code::internal, "the report of " + date + " cannot be read");
    for (boost::json::value& one : all->get_array()) {
        boost::json::object* const found = one.if_object();
        if (found == nullptr || !wants_somebody(*found) || !list.takes()) continue;
        found->emplace("date", date);
        list.data.push_back(boost::json::serialize(*found));
    }
    list.more = list.more || whole->contains("omitted");
    return {};
}

Task<Result<List>> discrepancies(Api api) {
    List list;
    const auto today = std::chrono::floor<std::chrono::days>(api->runtime.clock.wall());
    for (int back = 0; back < days_looked_at; ++back) {
        const auto day = today - std::chrono::days(back);
        const auto run = co_await api->reconciliation.find_run(day);
        if (!run) co_return fail(run.error());
        if (!*run || !(*run)->finished_at) continue;
        if (auto added = add_discrepancies((*run)->report, day, list); !added) co_return fail(std::move(added.error()));
    }
    co_return list;
}

using Asked = std::shared_ptr<Told<List>>;

Task<Result<List>> answer_of(Asked asked, SteadyTime until) {
    auto told = co_await asked->wait_until(until);
    if (!told) co_return fail(Code::store_unavailable, "the store did not answer in time");
    co_return std::move(*told);
}

void write(JsonWriter& out, std::string_view name, const Result<List>& list, std::optional<std::int64_t> counted = {}) {
    const List none{.more = true};
    const List& told = list ? *list : none;
    std::string data = "[";
    for (const std::string& one : told.data) data.append(data.size() > 1 ? "," : "").append(one);
    const auto seen = static_cast<std::int64_t>(told.data.size());
    const std::int64_t count = list && counted ? std::max(*counted, seen) : static_cast<std::int64_t>(told.count);
    out.name(name).begin_object().member("count", count).member("more", told.more || count > seen).json("data", data + "]");
    if (!list) out.member("error", list.error().detail);
    out.end_object();
}

Task<http::Response> get_attention(Api api, http::Request&) {
    const Runtime& runtime = api->runtime;
    const WallTime now = runtime.clock.wall();
    const SteadyTime until = runtime.clock.steady() + api->patience;
    const auto counting = ask_aside(runtime, api->census.census(now));
    const Asked stuck = ask_aside(runtime, needing_attention(api));
    const Asked unknown = ask_aside(runtime, unknown_outcomes(api));
    const Asked dead = ask_aside(runtime, dead_letters(api));
    const Asked found = ask_aside(runtime, discrepancies(api));
    const Asked ending = ask_aside(runtime, expiring(api));

    std::optional<std::int64_t> stuck_count;
    std::optional<std::int64_t> dead_count;
    if (const auto census = co_await counting->wait_until(until); census && *census) {
        stuck_count = (*census)->needs_attention;
        dead_count = (*census)->dead_letters;
    }
    JsonWriter out(4096);
    out.begin_object().member("at", to_rfc3339(now));
    write(out, "needs_attention", co_await answer_of(stuck, until), stuck_count);
    write(out, "unknown_outcomes", co_await answer_of(unknown, until));
    write(out, "dead_letters", co_await answer_of(dead, until), dead_count);
    write(out, "discrepancies", co_await answer_of(found, until));
    write(out, "expiring", co_await answer_of(ending, until));
    co_return http::Response{.body = out.end_object().take()};
}

}  // namespace

http::Route attention_route(AttentionApi api) {
    return {.method = "GET",
            .pattern = "/admin/attention",
            .scope = http::Scope::admin,
            .handler = [shared = std::make_shared<const AttentionApi>(api)](http::Request& request) {
                return get_attention(shared, request);
            }};
}

}  // namespace tollgate
