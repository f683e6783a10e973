#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "gateway/exchange.hpp"
#include "gateway/outside.hpp"

/// What the adapters of contract section 6 have in common: how a step is asked about, and what an answer means.
namespace tollgate::section6 {

/// Whose refusals an answer may name.
enum class Side : std::uint8_t { payments, goods };

struct Step {
    std::string path;
    std::string body;  // JSON
};

/// Performs the step, or looks it up, as the context asks. A look-up that failed on its way tells nothing about the step:
/// its error says `unknown`, also where the same error of a call would say that nothing moved.
Task<Result<OutboundReply>> ask(Exchange& exchange, std::string authorization, Step step, CallContext context);

/// The object of a success (200 or 201), or what else the answer means:
///   402 its name (any other name: card_declined); 409 out_of_stock or cannot_ship from goods; 404 of a look-up: never_arrived;
///   429, 425: gateway_busy; 408 and a 409 that says the key is in use: the same, but `unknown`, since the call that is under
///   way may yet act; any other 4xx: gateway_refused;
///   5xx: gateway_fault; anything else, and a 409 that names nothing: unreadable_answer.
/// A look-up's own troubles (401, 403, 410, 429 …) say nothing about the step and stay `unknown`.
[[nodiscard]] Result<boost::json::object> interpret(const OutboundReply& reply, Ask ask, Side side);

/// An id the other side gave out: 1 to 255 visible ASCII characters that hold no card number, since ids are stored, logged and
/// shown. Fails with `unreadable_answer`.
[[nodiscard]] Result<std::string> id_in(const boost::json::object& answer, std::string_view member);

/// Empty when the member is absent or no string.
[[nodiscard]] std::string_view text_in(const boost::json::object& answer, std::string_view member) noexcept;

/// An address that a browser can be sent to, that fits into a header and holds no card number.
[[nodiscard]] bool is_web_address(std::string_view url) noexcept;

/// One segment of a path (RFC 3986 section 2.1).
[[nodiscard]] std::string percent_encode(std::string_view segment);

}  // namespace tollgate::section6
