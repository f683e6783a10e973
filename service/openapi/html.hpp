#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace tollgate::openapi {

[[nodiscard]] std::string escaped(std::string_view text);

/// A description: paragraphs at empty lines, `code` in backticks.
[[nodiscard]] std::string prose(std::string_view text);
/// The same without paragraphs.
[[nodiscard]] std::string phrase(std::string_view text);

/// As people read it, indented.
[[nodiscard]] std::string pretty(const boost::json::value& value);

/// What a schema takes, in a few words; another schema by its name, linked.
[[nodiscard]] std::string kind_of(const boost::json::object& schema);

/// The members of an object, those of objects inside it below them; nothing of a schema that has none.
[[nodiscard]] std::string members(const boost::json::object& schema);

/// A member of `object` that is a text; empty when it is not there.
[[nodiscard]] std::string_view text_of(const boost::json::object& object, std::string_view name);

}  // namespace tollgate::openapi
