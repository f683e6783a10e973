#include "service/handlers/charge.hpp"

#include <memory>
#include <utility>

#include "service/handlers/charge_answers.hpp"
#include "service/handlers/paging.hpp"

namespace tollgate {
namespace {

/// draft-ietf-httpapi-ratelimit-headers: what a customer may do, and when the next charge of theirs is let in.
void tell_limit(http::Response& response, const PaymentError& error, const std::optional<GcraPolicy>& limit) {
    if (error.code != Code::rate_limited || !limit) return;
    const std::string policy = R"("customer")";
    response.headers.emplace_back("RateLimit-Policy",
                                  policy + ";q=" + std::to_string(limit->requests) + ";w=" + whole_seconds(limit->per));
    response.headers.emplace_back("RateLimit", policy + ";r=0;t=" + whole_seconds(error.retry_after.value_or(limit->per)));
}

/// A refusal that is not kept. The key's own charge is named where it exists.
http::Response not_charged(const PaymentError& error, const std::string& charge_id, const http::Request& request,
                           const ChargeApi& api) {
    const bool known = error.code == Code::idempotency_in_flight || error.code == Code::idempotency_key_reused;
    http::Response response = refuse({error, {}}, request, known ? charge_id : "");
    tell_limit(response, error, api.customer_limit);
    return response;
}

Task<http::Response> post_charge(std::shared_ptr<const ChargeApi> api, http::Request& request) {
    if (api->door.closed) co_return http::problem_response(shutting_down(), request);
    const Inside inside(api->door);
    auto key = idempotency_key(request);
    if (!key) co_return http::problem_response(key.error(), request);
    auto parsed = parse_charge_request(request.body);
    if (!parsed) co_return refuse(std::move(parsed.error()), request);
    const auto fits = api->check_amount(parsed->request.amount);
    if (!fits) co_return refuse(wrong_amount(fits.error()), request);

    Charge charge(std::move(parsed->request));
    charge.tenant = request.tenant;
    charge.idempotency_key = std::move(*key);
    charge.request_id = request.request_id;
    charge.traceparent = request.traceparent;
    charge.gateway_name = api->gateway_name;
    charge.actor = {request.tenant, request.peer, request.request_id};
    auto command =
        make_charge_command(std::move(charge), std::move(parsed->fingerprint), api->runtime.clock.wall(), api->settle);
    const std::string charge_id = command.charge.id;
    auto answer = co_await api->charge(std::move(command));
    if (!answer) co_return not_charged(answer.error(), charge_id, request, *api);
    co_return present(std::move(*answer));
}

Task<http::Response> get_charge(std::shared_ptr<const ChargeApi> api, http::Request& request) {
    auto row = co_await api->store.find(std::string(request.captures.at(0)));
    if (!row) co_return http::problem_response(row.error(), request);
    if (!*row || (*row)->tenant != request.tenant) {
        co_return http::problem_response(no_such_charge(), request);
    }
    const auto charge = from_state(**row);
    if (!charge) co_return http::problem_response(charge.error(), request);
    co_return http::Response{.body = to_json(*charge)};
}

Result<ChargeQuery> read_query(const http::Request& request) {
    ChargeQuery query{.tenant = request.tenant,
                      .order_id = request.parameter("order_id").value_or(""),
                      .cursor = request.parameter("cursor").value_or("")};
    const auto status = request.parameter("status");
    if (status && !status->empty()) {
        query.status = charge_status_from(*status);
        if (!query.status) return fail(Code::bad_request, "the query's status is none that a charge can have");
    }
    const auto limit = page_limit(request);
    if (!limit) return fail(limit.error());
    query.limit = *limit;
    return query;
}

Task<http::Response> get_charges(std::shared_ptr<const ChargeApi> api, http::Request& request) {
    auto query = read_query(request);
    if (!query) co_return http::problem_response(query.error(), request);
    auto page = co_await api->store.page(std::move(*query));
    if (!page) co_return http::problem_response(page.error(), request);

    PageBody body;
    for (const ChargeRow& row : page->rows) {
        const auto charge = from_state(row);
        if (!charge) co_return http::problem_response(charge.error(), request);
        body.add(to_json(*charge));
    }
    co_return http::Response{.body = body.take(page->next_cursor)};
}

}  // namespace

std::vector<http::Route> charge_routes(ChargeApi api) {
    const auto shared = std::make_shared<const ChargeApi>(std::move(api));
    const auto bound = [&shared](auto handler) {
        return [shared, handler](http::Request& request) { return handler(shared, request); };
    };
    return {
        {.method = "POST", .pattern = "/charge", .scope = http::Scope::charge, .handler = bound(post_charge), .sheds = true},
        {.method = "GET", .pattern = "/charge", .scope = http::Scope::charge, .handler = bound(get_charges)},
        {.method = "GET", .pattern = "/charge/{id}", .scope = http::Scope::charge, .handler = bound(get_charge)},
    };
}

}  // namespace tollgate
