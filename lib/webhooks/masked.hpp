#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace tollgate::webhooks {

/// The value as JSON text whose strings, member names and numbers hold no card number; a number that was one is a string then.
[[nodiscard]] std::string masked_json(const boost::json::value& value);

}  // namespace tollgate::webhooks
