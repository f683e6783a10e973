#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace tollgate::webhooks {

/// The value as JSON text whose strings, member names and numbers hold no card data (`redact`); a number that was a card's is a
/// string then. A member that is named like a card's verification code (`names_card_secret`) and holds a digit is "***"; a
/// "cvc_check" that is "pass" stays.
[[nodiscard]] std::string masked_json(const boost::json::value& value);

/// `body`, whose value that is, as it came if it holds none of this; else `masked_json`.
[[nodiscard]] std::string masked_body(const boost::json::value& value, std::string_view body);

}  // namespace tollgate::webhooks
