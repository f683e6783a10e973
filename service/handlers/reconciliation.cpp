#include "service/handlers/reconciliation.hpp"

#include <utility>

#include "core/json_writer.hpp"
#include "gateway/rfc3339.hpp"
#include "payments/checker.hpp"
#include "service/handlers/charge_answers.hpp"

namespace tollgate {
namespace {

constexpr const char* date_mend = "must be a UTC day like \"2026-11-22\", and not in the future";

std::optional<std::chrono::sys_days> day_from(std::string_view text, WallTime now) {
    if (text.size() != 10) return std::nullopt;
    const auto midnight = parse_rfc3339(std::string(text) + "T00:00:00Z");
    if (!midnight || *midnight > now) return std::nullopt;
    return std::chrono::floor<std::chrono::days>(*midnight);
}

std::expected<std::chrono::sys_days, Rejection> asked_day(std::string_view body, WallTime now) {
    const auto parsed = read_object(body, {}, "nothing of a card is needed here");
    if (!parsed) return std::unexpected(parsed.error());
    const boost::json::object& root = parsed->get_object();
    Checker check;
    check.only(root, "", {"date"});
    const std::string date = check.text(root, "date", "/date", visible_ascii, date_mend);
    const auto day = day_from(date, now);
    if (!day && !date.empty()) check.wrong("/date", date_mend);
    if (auto rejection = std::move(check).rejection()) return std::unexpected(std::move(*rejection));
    return *day;
}

/// Not there yet: it is to be asked for again.
http::Response still_compared(std::chrono::sys_days day) {
    const std::string date = to_rfc3339(day).substr(0, 10);
    JsonWriter body(64);
    body.begin_object().member("date", date).member("state", "running").end_object();
    http::Response response{.status = 202, .body = body.take()};
    response.headers.emplace_back("Location", "/admin/reconciliation/" + date);
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

Task<http::Response> post(ReconciliationApi api, http::Request& request) {
    auto day = asked_day(request.body, api.runtime.clock.wall());
    if (!day) co_return refuse(std::move(day.error()), request);
    AuditRecord asker{.who = request.tenant, .origin = request.peer, .request_id = request.request_id};
    auto report = co_await api.reconciler.compare(*day, std::move(asker), api.patience);
    if (!report) co_return http::problem_response(report.error(), request);
    if (!*report) co_return still_compared(*day);
    co_return http::Response{.body = std::move(**report)};
}

Task<http::Response> get(ReconciliationApi api, http::Request& request) {
    const WallTime now = api.runtime.clock.wall();
    const auto day = day_from(request.capture(0), now);
    if (!day) co_return http::problem_response({Code::not_found, "the path ends with what " + std::string(date_mend)}, request);
    const bool asked = co_await api.reconciler.is_asked(*day);
    auto run = co_await api.store.find_run(*day);
    if (!run) co_return http::problem_response(run.error(), request);
    if (asked || (*run && (*run)->lease_until > now)) co_return still_compared(*day);
    if (*run && (*run)->finished_at) co_return http::Response{.body = std::move((*run)->report)};
    co_return http::problem_response(
        {Code::not_found, "this day was never compared to its end; POST /admin/reconciliation {\"date\":…} compares it"},
        request);
}

}  // namespace

std::vector<http::Route> reconciliation_routes(ReconciliationApi api) {
    return {
        {.method = "POST",
         .pattern = "/admin/reconciliation",
         .scope = http::Scope::admin,
         .handler = [api](http::Request& request) { return post(api, request); },
         .accepts = http::Accepts::json},
        {.method = "GET",
         .pattern = "/admin/reconciliation/{date}",
         .scope = http::Scope::admin,
         .handler = [api](http::Request& request) { return get(api, request); }},
    };
}

}  // namespace tollgate
