#pragma once

#include <concepts>
#include <string>

#include "core/error.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// How a call ended, in one short word for records and labels: the name of its error; the status, when the response holds an
/// `Answer`; "ok".
template <class Response>
[[nodiscard]] std::string outcome_of(const Result<Response>& result) {
    if (!result) return std::string(info(result.error().code).name);
    if constexpr (requires {
                      { result->answer } -> std::convertible_to<const Answer&>;
                  }) {
        return std::to_string(result->answer.status);
    } else {
        return "ok";
    }
}

}  // namespace tollgate
