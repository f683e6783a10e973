#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace tollgate::sandbox {

/// How the gateway's books (GET /v1/transactions) tell of what happened: wrongly on demand, for reconciliation to find.
enum class Listed : std::uint8_t {
    truly,
    never,
    twice,              // once more under another id
    for_more,           // with one minor unit more
    in_other_currency,  // euros, or dollars for what was in euros
    as_voided,
    next_day,
};

/// What a payment token asks to go wrong (contract section 6). Faults can be joined: "tok_capture_fails_void_fails".
struct Faults {
    std::string_view decline;  // the name of a 402; empty: none
    int flaky = 0;             // so many calls of each step are cut before they act; at most 1000
    bool lost_reply = false;   // each step acts, then its answer is cut, once
    bool error_after = false;  // each step acts, then answers 500, once
    bool capture_fails = false;
    bool void_fails = false;
    bool avs_mismatch = false;
    bool cvv_mismatch = false;
    Milliseconds slow{0};  // every step; at most ten minutes
    std::string card_country = "US";
    Listed capture_listed = Listed::truly;
    Listed refund_listed = Listed::truly;
};

/// Any token that asks for nothing succeeds.
[[nodiscard]] Faults faults_of(std::string_view token);

}  // namespace tollgate::sandbox
