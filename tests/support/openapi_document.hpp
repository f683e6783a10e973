#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"

namespace tollgate::test {

/// service/openapi/openapi.json, read and resolved by a reader that knows nothing of the service.
class OpenApiDocument {
public:
    OpenApiDocument();

    [[nodiscard]] const boost::json::value& root() const noexcept { return root_; }
    [[nodiscard]] const boost::json::object& schema(std::string_view name) const;
    /// What a `$ref` leads to, or the value itself.
    [[nodiscard]] const boost::json::object& resolved(const boost::json::value& value) const;
    /// An operation by its path, as it is written there, and its method in lower case. Throws when there is none.
    [[nodiscard]] const boost::json::object& operation(std::string_view path, std::string_view method) const;
    /// The schema and the examples of an answer; throws when the status or the media type is not described.
    [[nodiscard]] const boost::json::object& content(const boost::json::object& operation, int status,
                                                     std::string_view media) const;

    /// What is wrong with a value, place by place; none: it is valid (JSON Schema 2020-12, as far as the document uses it: a
    /// keyword that is not known here throws).
    [[nodiscard]] std::vector<std::string> wrong(const boost::json::value& schema, const boost::json::value& value) const;

    /// The same for what the service writes, where members that the schema does not name are wrong as well.
    [[nodiscard]] std::vector<std::string> wrong_answer(const boost::json::value& schema,
                                                        const boost::json::value& value) const;

    /// What is wrong with an answer of the service: its status, its headers, its type, its body. Nothing is said of a path and
    /// method that the document does not have.
    [[nodiscard]] std::vector<std::string> wrong_reply(const Call& call, const Reply& reply) const;

private:
    /// The operation of a path as it is asked for; null when there is none.
    [[nodiscard]] const boost::json::object* operation_of(const Call& call) const;

    boost::json::value root_;
};

}  // namespace tollgate::test
