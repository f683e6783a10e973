#pragma once

#include <string>

#include "payments/checkout.hpp"
#include "payments/request.hpp"
#include "service/http/message.hpp"

/// How a request for a charge, and one for what becomes of it, is identified and answered.
namespace tollgate {

/// The key of a request. Fails with `idempotency_key_missing`, `idempotency_key_invalid` or `pan_not_accepted`.
[[nodiscard]] Result<std::string> idempotency_key(const http::Request& request);

/// For headers that count in seconds: rounded up, at least 1.
[[nodiscard]] std::string whole_seconds(Milliseconds time);

/// The answer with `Location`, `Retry-After` and `Idempotent-Replayed` where they belong. The charge's id follows `place`: the
/// path where whoever asked may look at it.
[[nodiscard]] http::Response present(ChargeAnswer answer, std::string_view place = "/charge/");

/// A body that was refused, with every place that is wrong, and the charge it was sent for.
[[nodiscard]] http::Response refuse(Rejection rejection, const http::Request& request, std::string charge_id = {});

[[nodiscard]] PaymentError no_such_charge();

/// An amount that the gateway cannot represent, as any other amount that is wrong; `error` tells the mend.
[[nodiscard]] Rejection wrong_amount(const PaymentError& error);

}  // namespace tollgate
