#include "service/handlers/operations.hpp"

#include <memory>
#include <utility>

#include "payments/keys.hpp"
#include "payments/operation_request.hpp"
#include "service/handlers/charge_answers.hpp"

namespace tollgate {
namespace {

Task<http::Response> post_operation(std::shared_ptr<const OperationApi> api, OperationKind kind, http::Request& request) {
    if (api->door.closed) co_return http::problem_response(shutting_down(), request);
    const Inside inside(api->door);
    auto key = idempotency_key(request);
    if (!key) co_return http::problem_response(key.error(), request);
    auto parsed = parse_operation_request(kind, request.body);
    if (!parsed) co_return refuse(std::move(parsed.error()), request);
    const std::string charge_id(request.captures.at(0));
    if (!is_charge_id(charge_id)) co_return http::problem_response(no_such_charge(), request);

    auto answer = co_await api->operate({.tenant = request.tenant,
                                         .charge_id = charge_id,
                                         .idempotency_key = std::move(*key),
                                         .request = std::move(parsed->request),
                                         .fingerprint = std::move(parsed->fingerprint),
                                         .request_id = request.request_id,
                                         .origin = request.peer});
    if (answer) co_return present(std::move(*answer));
    const Code code = answer.error().code;
    if (code == Code::validation_failed) co_return refuse(wrong_amount(answer.error()), request, charge_id);
    const bool known = code != Code::not_found;
    co_return refuse({std::move(answer.error()), {}}, request, known ? charge_id : "");
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
    return routes;
}

}  // namespace tollgate
