#include "service/handlers/charge_answers.hpp"

#include <algorithm>
#include <utility>

namespace tollgate {

Result<std::string> idempotency_key(const http::Request& request) {
    const std::size_t lines = request.count("idempotency-key");
    if (lines == 0) {
        return fail(Code::idempotency_key_missing,
                    "send an Idempotency-Key header: a fresh random value for each thing to be done, the same one for each "
                    "retry of it");
    }
    if (lines > 1) return fail(Code::idempotency_key_invalid, "the Idempotency-Key header stands on more than one line");
    return parse_idempotency_key(*request.header("idempotency-key"));
}

std::string whole_seconds(Milliseconds time) {
    return std::to_string(std::max<std::int64_t>(1, (time.count() + 999) / 1000));
}

http::Response present(ChargeAnswer answer, std::string_view place) {
    http::Response response{.status = answer.answer.status, .body = std::move(answer.answer.body)};
    if (response.status >= 400) response.content_type = "application/problem+json";
    if (response.status == 202) response.headers.emplace_back("Location", std::string(place) + answer.charge_id);
    if (answer.retry_after) response.headers.emplace_back("Retry-After", whole_seconds(*answer.retry_after));
    if (answer.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
    return response;
}

http::Response refuse(Rejection rejection, const http::Request& request, std::string charge_id) {
    return http::problem_response({.error = std::move(rejection.error),
                                   .request_id = {},
                                   .instance = {},
                                   .charge_id = std::move(charge_id),
                                   .errors = std::move(rejection.errors)},
                                  request);
}

PaymentError no_such_charge() {
    return {Code::not_found, "there is no charge with this id"};
}

Rejection wrong_amount(const PaymentError& error) {
    return {{Code::validation_failed, "see `errors` for each place and its mend"}, {{"/amount", error.detail}}};
}

}  // namespace tollgate
