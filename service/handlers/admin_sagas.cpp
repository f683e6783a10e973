#include "service/handlers/admin_sagas.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <utility>

#include "pipeline/audited.hpp"
#include "service/handlers/no_wishes.hpp"
#include "service/handlers/paging.hpp"
#include "service/handlers/saga_json.hpp"
#include "service/http/text.hpp"

namespace tollgate {
namespace {

using Status = ChargeStatus;

constexpr int looks_max = 16;  // at the store, for one page
constexpr Milliseconds ask_again{1'000};

/// The statuses that charges of a saga state have; of another state may have them, too.
struct State {
    std::string_view name;
    std::vector<Status> statuses;
    bool refunding = false;  // and those that give money back just now
};

const std::array<State, 7>& states() {
    static const std::array<State, 7> all{
        {{"RUNNING", {Status::processing}, true},
         {"WAITING", {Status::requires_action}},
         {"AUTHORIZED", {Status::authorized}},
         {"COMPLETED", {Status::succeeded}},
         {"COMPENSATING", {Status::processing}},
         {"COMPENSATED", {Status::declined, Status::blocked, Status::reversed, Status::canceled}},
         {"NEEDS_ATTENTION", {Status::needs_attention}}}};
    return all;
}

/// Those with something left to do.
const State& unfinished() {
    static const State any{"", {Status::processing, Status::requires_action, Status::needs_attention}, true};
    return any;
}

Result<const State*> wanted_state(const http::Request& request) {
    const std::string asked = request.parameter("state").value_or("");
    if (asked.empty()) return &unfinished();
    std::string possible;
    for (const State& state : states()) {
        if (http::same_word(asked, state.name)) return &state;
        possible.append(possible.empty() ? "" : ", ").append(state.name);
    }
    return fail(Code::bad_request, "the query's state is none that a saga can have: " + possible);
}

/// The charge's id, whichever of the two was given.
std::string charge_id_of(std::string_view id) {
    static constexpr std::string_view saga = "saga_";
    return id.starts_with(saga) ? "ch_" + std::string(id.substr(saga.size())) : std::string(id);
}

Task<http::Response> get_sagas(std::shared_ptr<const SagaApi> api, http::Request& request) {
    const auto state = wanted_state(request);
    if (!state) co_return http::problem_response(state.error(), request);
    const auto limit = page_limit(request);
    if (!limit) co_return http::problem_response(limit.error(), request);

    SurveyQuery query{.statuses = (*state)->statuses,
                      .refunding = (*state)->refunding,
                      .limit = *limit,
                      .cursor = request.parameter("cursor").value_or("")};
    PageBody body;
    for (int look = 0; look < looks_max && query.limit > 0; ++look) {
        auto page = co_await api->store.survey(query);
        if (!page) co_return http::problem_response(page.error(), request);
        for (const ChargeRow& row : page->rows) {
            const auto charge = from_state(row);
            if (charge && !(*state)->name.empty() && saga_state(*charge) != (*state)->name) continue;
            body.add(to_saga_json(row, charge, api->runtime.clock.wall()));
            --query.limit;
        }
        query.cursor = std::move(page->next_cursor);
        if (query.cursor.empty()) break;
    }
    co_return http::Response{.body = body.take(query.cursor)};
}

/// As it stands, in full. Fails with `not_found`.
Task<Result<std::string>> tell(std::shared_ptr<const SagaApi> api, std::string charge_id) {
    auto row = co_await api->store.find(charge_id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return fail(Code::not_found, "there is no saga with this id");
    auto ledger = co_await api->store.ledger(charge_id);
    if (!ledger) co_return fail(std::move(ledger.error()));
    co_return to_saga_json(**row, from_state(**row), api->runtime.clock.wall(), *ledger);
}

Task<http::Response> get_saga(std::shared_ptr<const SagaApi> api, http::Request& request) {
    auto told = co_await tell(api, charge_id_of(request.captures.at(0)));
    if (!told) co_return http::problem_response(told.error(), request);
    co_return http::Response{.body = std::move(*told)};
}

struct Retry {
    std::string charge_id;
    std::string who;
    std::string origin;
    std::string request_id;
};

struct Retried {
    Answer answer;
};

AuditRecord describe(const Retry& retry) {
    return {.who = retry.who,
            .what = "saga.retry",
            .origin = retry.origin,
            .charge_id = retry.charge_id,
            .request_id = retry.request_id};
}

PaymentError not_taken(const Taken& taken) {
    const auto charge = from_state(taken.row);
    switch (taken.kind) {
        case Taken::Kind::finished:
            return {Code::invalid_state,
                    "nothing is left to do: the saga is " + std::string(charge ? saga_state(*charge) : "done")};
        case Taken::Kind::waits:
            return {Code::invalid_state,
                    taken.row.status == Status::authorized
                        ? "the charge is authorized and waits to be captured or voided by its shop"
                        : "the saga is WAITING for its customer to authenticate; a retry now would cancel the payment"};
        case Taken::Kind::owned: {
            PaymentError error(Code::invalid_state, "the saga is being worked on right now; look at it again in a moment",
                               ask_again);
            error.retriable = true;
            return error;
        }
        case Taken::Kind::unknown:
        case Taken::Kind::taken:
        case Taken::Kind::known:
            break;
    }
    return {Code::not_found, "there is no saga with this id"};
}

Task<Result<Retried>> take_and_resume(std::shared_ptr<const SagaApi> api, Retry retry) {
    const WallTime now = api->runtime.clock.wall();
    auto taken = co_await api->store.take(retry.charge_id, now, now + api->lease, Reach::unfinished);
    if (!taken) co_return fail(std::move(taken.error()));
    if (taken->kind != Taken::Kind::taken) co_return fail(not_taken(*taken));
    Actor actor{retry.who, retry.origin, retry.request_id};
    const bool ended = co_await api->checkout.retry(std::move(taken->row), api->patience, std::move(actor));
    auto told = co_await tell(api, retry.charge_id);
    if (!told) co_return fail(std::move(told.error()));
    co_return Retried{{ended ? 200 : 202, std::move(*told)}};
}

Task<http::Response> post_retry(std::shared_ptr<const SagaApi> api, http::Request& request) {
    if (api->door.closed) co_return http::problem_response(shutting_down(), request);
    const auto checked = check_no_wishes(request.body, "a retry");
    if (!checked) co_return http::problem_response(checked.error(), request);
    Retry retry{charge_id_of(request.captures.at(0)), request.tenant, request.peer, request.request_id};
    const auto row = co_await api->store.find(retry.charge_id);  // only what exists is written down
    if (!row) co_return http::problem_response(row.error(), request);
    if (!*row) co_return http::problem_response({Code::not_found, "there is no saga with this id"}, request);
    const auto charge = from_state(**row);
    if (!charge) co_return http::problem_response({Code::invalid_state, charge.error().detail}, request);

    auto service = audited(api->audit, describe, api->runtime) | std::bind_front(take_and_resume, api);
    auto retried = co_await service(std::move(retry));
    if (!retried) co_return http::problem_response(retried.error(), request);
    http::Response response{.status = retried->answer.status, .body = std::move(retried->answer.body)};
    if (response.status == 202) {
        response.headers.emplace_back("Location", "/admin/sagas/" + std::string(request.captures.at(0)));
        response.headers.emplace_back("Retry-After", "1");
    }
    co_return response;
}

}  // namespace

std::vector<http::Route> saga_routes(SagaApi api) {
    const auto shared = std::make_shared<const SagaApi>(std::move(api));
    const auto bound = [&shared](auto handler) {
        return [shared, handler](http::Request& request) { return handler(shared, request); };
    };
    return {
        {.method = "GET", .pattern = "/admin/sagas", .scope = http::Scope::admin, .handler = bound(get_sagas)},
        {.method = "GET", .pattern = "/admin/sagas/{id}", .scope = http::Scope::admin, .handler = bound(get_saga)},
        {.method = "POST",
         .pattern = "/admin/sagas/{id}/retry",
         .scope = http::Scope::admin,
         .handler = bound(post_retry),
         .accepts = http::Accepts::optional_json},
    };
}

}  // namespace tollgate
