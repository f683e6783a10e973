#pragma once

#include <cstdint>
#include <string_view>

#include "core/time.hpp"

namespace tollgate {

/// The eight calls a checkout may make outward, each with its own derived key. The first four go forward in this order;
/// the last four undo in this order.
enum class Step : std::uint8_t { reserve, authorize, capture, ship, cancel_shipment, refund, void_authorization, release };

[[nodiscard]] std::string_view name(Step step) noexcept;

/// The call that is about to be made, durable before it is made.
struct Intent {
    Step step = Step::reserve;
    bool sent = true;             // the call may have left: a successor asks what became of it before it asks for it again
    WallTime since{};             // when it may first have left: the gateway's key window is counted from here
    WallTime seen{};              // the latest time an answer was judged at: a clock that jumps back does not reopen the window
    WallTime last{};              // when it was last sent again, a no apart; before `since`: never
    int tries = 0;                // answers that settled nothing
    int round = 0;                // part of the key: what was refused, or spent, for good is asked anew under another one
    bool spent = false;           // the other side answers this key with a fault for ever: to send it again tells nothing
    bool paged = false;           // somebody was called about this intent: it is stuck, or its undoing failed
    bool mismatch_paged = false;  // somebody was called about an answer to it that spoke of other money

    friend bool operator==(const Intent&, const Intent&) = default;
};

}  // namespace tollgate
