#include "service/handlers/operations.hpp"

#include <memory>
#include <utility>

#include "payments/keys.hpp"
#include "payments/operation_request.hpp"
#include "service/handlers/charge_answers.hpp"

namespace tollgate {
namespace {

using Api = std::shared_ptr<const OperationApi>;

/// Fails as a charge that is not there.
Task<Result<std::string>> tenant_of(Api api, std::string charge_id) {
    auto row = co_await api->store.find(std::move(charge_id));
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return fail(no_such_charge());
    co_return std::move((*row)->tenant);
}

http::Response answer_to(Result<ChargeAnswer> answer, const http::Request& request, const std::string& charge_id,
                         std::string_view place) {
    if (answer) return present(std::move(*answer), place);
    const Code code = answer.error().code;
    if (code == Code::validation_failed) return refuse(wrong_amount(answer.error()), request, charge_id);
    const bool known = code != Code::not_found;
    return refuse({std::move(answer.error()), {}}, request, known ? charge_id : "");
}

/// What was asked, of a charge that could exist; not yet for whom.
std::expected<OperationCommand, Rejection> read_command(OperationKind kind, const http::Request& request) {
    auto key = idempotency_key(request);
    if (!key) return std::unexpected(Rejection{std::move(key.error()), {}});
    auto parsed = parse_operation_request(kind, request.body);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    std::string charge_id(request.captures.at(0));
    if (!is_charge_id(charge_id)) return std::unexpected(Rejection{no_such_charge(), {}});
    return OperationCommand{.tenant = request.tenant,
                            .charge_id = std::move(charge_id),
                            .idempotency_key = std::move(*key),
                            .request = std::move(parsed->request),
                            .fingerprint = std::move(parsed->fingerprint),
                            .request_id = request.request_id,
                            .origin = request.peer};
}

Task<http::Response> post_operation(Api api, OperationKind kind, http::Request& request) {
    if (api->door.closed) co_return http::problem_response(shutting_down(), request);
    const Inside inside(api->door);
    auto command = read_command(kind, request);
    if (!command) co_return refuse(std::move(command.error()), request);
    const std::string charge_id = command->charge_id;
    auto answer = co_await api->operate(std::move(*command));
    co_return answer_to(std::move(answer), request, charge_id, "/charge/");
}

/// An operator's keys are told from each other's and from every shop's by the space, which no shop can send.
Task<http::Response> post_refund_by_operator(Api api, http::Request& request) {
    if (api->door.closed) co_return http::problem_response(shutting_down(), request);
    const Inside inside(api->door);
    auto command = read_command(OperationKind::refund, request);
    if (!command) co_return refuse(std::move(command.error()), request);
    const std::string charge_id = command->charge_id;
    auto tenant = co_await tenant_of(api, charge_id);
    if (!tenant) co_return http::problem_response(tenant.error(), request);
    command->tenant = std::move(*tenant);
    command->operated_by = request.tenant;
    command->idempotency_key = request.tenant + " " + command->idempotency_key;
    auto answer = co_await api->operate(std::move(*command));
    co_return answer_to(std::move(answer), request, charge_id, "/admin/sagas/");
}

}  // namespace

std::vector<http::Route> operation_routes(OperationApi api) {
    const auto shared = std::make_shared<const OperationApi>(std::move(api));
    std::vector<http::Route> routes;
    for (const auto kind :
         {OperationKind::capture, OperationKind::void_authorization, OperationKind::refund, OperationKind::confirm}) {
        routes.push_back({.method = "POST",
                          .pattern = "/charge/{id}/" + std::string(name(kind)),
                          .scope = http::Scope::charge,
                          .handler = [shared, kind](http::Request& request) { return post_operation(shared, kind, request); },
                          .sheds = true,
                          .accepts = http::Accepts::optional_json});
    }
    routes.push_back({.method = "POST",
                      .pattern = "/admin/charges/{id}/refund",
                      .scope = http::Scope::admin,
                      .handler = [shared](http::Request& request) { return post_refund_by_operator(shared, request); },
                      .sheds = true,
                      .accepts = http::Accepts::optional_json});
    return routes;
}

}  // namespace tollgate
