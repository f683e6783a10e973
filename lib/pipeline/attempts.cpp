#include "pipeline/attempts.hpp"

#include <utility>

namespace tollgate {

bool is_worth_retrying(const PaymentError& error) noexcept {
    switch (error.code) {
        case Code::network_error:
        case Code::gateway_timeout:
        case Code::gateway_busy:
            return error.retriable;
        default:
            return false;
    }
}

PaymentError Attempts::after(PaymentError error) {
    if (error.execution == Execution::unknown) {
        unknown_ = error;
        return error;
    }
    const bool answers_the_key = error.execution == Execution::refused && error.code != Code::gateway_refused;
    if (!unknown_ || answers_the_key) return error;

    PaymentError whole = *unknown_;
    whole.detail += "; asked again: " + error.detail;
    whole.retry_after = error.retry_after;
    return whole;
}

}  // namespace tollgate
