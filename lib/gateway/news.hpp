#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/money.hpp"
#include "core/time.hpp"

namespace tollgate {

/// What a gateway tells unasked, in a webhook, whatever its own words for it are. Empty: not told.
struct GatewayNews {
    enum class Kind : std::uint8_t { authorized, captured, voided, refunded, disputed, action_completed, failed };

    Kind kind = Kind::authorized;
    std::string reference;  // the charge id; without one the charge is found by the gateway's ids
    std::string authorization_id;
    std::string capture_id;
    std::string refund_id;
    std::string dispute_id;
    std::optional<Money> amount;     // that was authorized, captured, refunded or is disputed
    bool in_total = false;           // of a refund: `amount` is all that has been refunded until now
    Code why = Code::card_declined;  // of `failed`
    std::optional<WallTime> at;      // when it happened

    friend bool operator==(const GatewayNews&, const GatewayNews&) = default;
};

[[nodiscard]] std::string_view name(GatewayNews::Kind kind) noexcept;  // "authorized", …

/// What a piece of news came to.
struct NewsOutcome {
    enum class Kind : std::uint8_t {
        applied,   // the charge is another now, durably
        known,     // it told nothing new, or nothing that is of use any more
        too_soon,  // what it rests on is not here yet: tell it again
        busy,      // somebody works on its charge right now: tell it again in a moment
        conflict,  // it cannot be true together with what is known of the charge; somebody must look
    };
    Kind kind = Kind::known;
    std::string why;        // a sentence for people
    std::string charge_id;  // where it was found
};

}  // namespace tollgate
