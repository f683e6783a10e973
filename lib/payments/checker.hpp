#pragma once

#include <boost/json.hpp>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "payments/request.hpp"

/// What the bodies of all requests about payments have in common.
namespace tollgate {

[[nodiscard]] bool visible_ascii(std::string_view text);
/// Without control characters.
[[nodiscard]] bool printable(std::string_view text);
inline constexpr const char* printable_mend = "must be a string of 1 to 255 bytes without control characters";

[[nodiscard]] std::unexpected<Rejection> reject(PaymentError error, std::vector<FieldError> errors = {});

/// A body that is a JSON object, lying in `memory`. Fails with `invalid_json`, with `pan_not_accepted` when any string or
/// member name holds a card number or a member is named like a card's security code (`instead` tells what to send), or with
/// `validation_failed` when it is something else than an object.
[[nodiscard]] std::expected<boost::json::value, Rejection> read_object(std::string_view body, boost::json::storage_ptr memory,
                                                                       std::string_view instead);

/// Collects what is wrong, so that a client sees all of it at once.
class Checker {
public:
    void wrong(std::string pointer, std::string detail) { errors_.push_back({std::move(pointer), std::move(detail)}); }

    void only(const boost::json::object& object, const std::string& at, std::initializer_list<std::string_view> known);

    /// The object at a member; an empty one, and the complaint noted, when it is something else.
    const boost::json::object& object(const boost::json::object& parent, std::string_view name, const std::string& at);

    std::string text(const boost::json::object& parent, std::string_view name, const std::string& at,
                     bool (*fit)(std::string_view), const char* what);

    std::int64_t integer(const boost::json::object& parent, std::string_view name, const std::string& at, std::int64_t max);

    /// All that was wrong; nothing when nothing was.
    [[nodiscard]] std::optional<Rejection> rejection() &&;

private:
    /// A missing parent was named already; its members need not be.
    [[nodiscard]] bool suppressed(const std::string& at) const;

    std::vector<FieldError> errors_;
};

}  // namespace tollgate
