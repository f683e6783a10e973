#include "pipeline/circuit_breaker.hpp"

namespace tollgate {

CallVerdict verdict_on(const PaymentError& error) noexcept {
    switch (error.code) {
        case Code::network_error:
        case Code::gateway_timeout:
        case Code::gateway_fault:
        case Code::unreadable_answer:
            return CallVerdict::failure;
        case Code::never_arrived:
            return CallVerdict::success;
        default:
            return error.execution == Execution::refused ? CallVerdict::success : CallVerdict::ignored;
    }
}

PaymentError circuit_open(std::string_view breaker, Milliseconds retry_after) {
    return {Code::circuit_open, "calls of " + std::string(breaker) + " are held back for a while, since the last ones failed",
            retry_after};
}

}  // namespace tollgate
