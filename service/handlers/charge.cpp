#include "service/handlers/charge.hpp"

#include <memory>
#include <utility>

#include "payments/request.hpp"
#include "service/handlers/paging.hpp"

namespace tollgate {
namespace {

http::Response refuse(const Rejection& rejection, const http::Request& request) {
    http::Response response = http::problem_response(rejection.error, request);
    if (!rejection.errors.empty()) {
        response.body = to_json(Problem{.error = rejection.error,
                                        .request_id = request.request_id,
                                        .instance = std::string(request.path),
                                        .errors = rejection.errors});
    }
    return response;
}

Result<std::string> idempotency_key(const http::Request& request) {
    const std::size_t lines = request.count("idempotency-key");
    if (lines == 0) {
        return fail(Code::idempotency_key_missing,
                    "send an Idempotency-Key header: a fresh random value for each charge, the same one for each retry of it");
    }
    if (lines > 1) return fail(Code::idempotency_key_invalid, "the Idempotency-Key header stands on more than one line");
    return parse_idempotency_key(*request.header("idempotency-key"));
}

std::string whole_seconds(Milliseconds time) {
    return std::to_string(std::max<std::int64_t>(1, (time.count() + 999) / 1000));
}

http::Response present(ChargeAnswer answer) {
    http::Response response{.status = answer.answer.status, .body = std::move(answer.answer.body)};
    if (response.status >= 400) response.content_type = "application/problem+json";
    if (response.status == 202) response.headers.emplace_back("Location", "/charge/" + answer.charge_id);
    if (answer.retry_after) response.headers.emplace_back("Retry-After", whole_seconds(*answer.retry_after));
    if (answer.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
    return response;
}

/// draft-ietf-httpapi-ratelimit-headers: what a customer may do, and when the next charge of theirs is let in.
void tell_limit(http::Response& response, const PaymentError& error, const std::optional<GcraPolicy>& limit) {
    if (error.code != Code::rate_limited || !limit) return;
    const std::string policy = R"("customer")";
    response.headers.emplace_back("RateLimit-Policy",
                                  policy + ";q=" + std::to_string(limit->requests) + ";w=" + whole_seconds(limit->per));
    response.headers.emplace_back("RateLimit", policy + ";r=0;t=" + whole_seconds(error.retry_after.value_or(limit->per)));
}

/// A refusal that is not kept. The key's own charge is named where it exists.
http::Response refuse(const PaymentError& error, const std::string& charge_id, const http::Request& request,
                      const ChargeApi& api) {
    http::Response response = http::problem_response(error, request);
    if (error.code == Code::idempotency_in_flight || error.code == Code::idempotency_key_reused) {
        response.body = to_json(Problem{.error = error,
                                        .request_id = request.request_id,
                                        .instance = std::string(request.path),
                                        .charge_id = charge_id,
                                        .errors = {}});
    }
    tell_limit(response, error, api.customer_limit);
    return response;
}

/// Counts a request as inside for as long as it lives.
class Inside {
public:
    explicit Inside(ChargeDoor& door) : door_(door) { ++door_.inside; }
    ~Inside() { --door_.inside; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    ChargeDoor& door_;
};

Task<http::Response> post_charge(std::shared_ptr<const ChargeApi> api, http::Request& request) {
    if (api->door.closed) co_return http::problem_response(shutting_down(), request);
    const Inside inside(api->door);
    auto key = idempotency_key(request);
    if (!key) co_return http::problem_response(key.error(), request);
    auto parsed = parse_charge_request(request.body);
    if (!parsed) co_return refuse(parsed.error(), request);

    Charge charge(std::move(parsed->request));
    charge.tenant = request.tenant;
    charge.idempotency_key = std::move(*key);
    charge.request_id = request.request_id;
    charge.traceparent = request.traceparent;
    charge.gateway_name = api->gateway_name;
    charge.origin = request.peer;
    auto command =
        make_charge_command(std::move(charge), std::move(parsed->fingerprint), api->runtime.clock.wall(), api->settle);
    const std::string charge_id = command.charge.id;
    auto answer = co_await api->charge(std::move(command));
    if (!answer) co_return refuse(answer.error(), charge_id, request, *api);
    co_return present(std::move(*answer));
}

Task<http::Response> get_charge(std::shared_ptr<const ChargeApi> api, http::Request& request) {
    auto row = co_await api->store.find(std::string(request.captures.at(0)));
    if (!row) co_return http::problem_response(row.error(), request);
    if (!*row || (*row)->tenant != request.tenant) {
        co_return http::problem_response({Code::not_found, "there is no charge with this id"}, request);
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

PaymentError shutting_down() {
    return {Code::shutting_down, "this process is about to stop; ask again, and another one answers", Milliseconds(1'000)};
}

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
