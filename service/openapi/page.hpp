#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace tollgate::openapi {

/// An OpenAPI document as one page of HTML with this style sheet inside: no scripts, nothing from elsewhere. The document must
/// have what ours has: tags, and a summary for every operation.
[[nodiscard]] std::string page(const boost::json::value& document, std::string_view style);

}  // namespace tollgate::openapi
