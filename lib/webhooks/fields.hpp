#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/money.hpp"
#include "core/time.hpp"

/// Reads members of an event's object one after the other; the first that is not what it should be is remembered, the rest
/// does not matter then. A member that is missing or null is empty.
namespace tollgate::webhooks {

/// Where a sender's minor unit has other decimals than ISO 4217's.
using DecimalsOf = int (*)(Currency currency);

class Fields {
public:
    explicit Fields(const boost::json::object& object) : object_(object) {}

    /// At most 255 bytes without control characters.
    [[nodiscard]] std::string text(std::string_view name);
    /// The same of an id, or of the `id` of the object that was put in its place.
    [[nodiscard]] std::string id(std::string_view name);
    [[nodiscard]] const boost::json::object& whole() const noexcept { return object_; }
    [[nodiscard]] const boost::json::object* object(std::string_view name);
    [[nodiscard]] const boost::json::array* array(std::string_view name);
    /// An amount and its currency, both or none; upper or lower case. Without `decimals`: ISO 4217's minor unit.
    [[nodiscard]] std::optional<Money> money(std::string_view amount, std::string_view currency, DecimalsOf decimals = nullptr);

    /// Seconds since 1970, or RFC 3339; nothing for anything else, which is not wrong.
    [[nodiscard]] std::optional<WallTime> time(std::string_view name) const;

    /// Takes over what another reader found wrong.
    void also(const Fields& other);
    void refuse(std::string_view name, std::string_view why);
    /// Empty: nothing is wrong.
    [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

private:
    [[nodiscard]] const boost::json::value* find(std::string_view name) const noexcept;

    const boost::json::object& object_;
    std::string wrong_;
};

}  // namespace tollgate::webhooks
