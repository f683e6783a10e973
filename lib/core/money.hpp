#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate {

/// An ISO 4217 currency. Made only from a known code, so one in hand is valid.
class Currency {
public:
    /// The upper-case alphabetic code ("USD"); nothing for any other text.
    [[nodiscard]] static std::optional<Currency> from_code(std::string_view code) noexcept;

    [[nodiscard]] std::string_view code() const noexcept { return {letters_.data(), letters_.size()}; }

    /// Decimals of the minor unit: 0 (JPY), 2 (USD), 3 (KWD) or 4 (CLF, UYW).
    [[nodiscard]] int exponent() const noexcept { return exponent_; }

    friend bool operator==(const Currency&, const Currency&) = default;

private:
    Currency(std::array<char, 3> letters, int exponent) noexcept : letters_(letters), exponent_(exponent) {}
    std::array<char, 3> letters_;
    int exponent_;
};

/// An amount in the currency's minor unit: 4999 USD is 49.99 dollars. Never a floating-point number.
struct Money {
    /// The largest amount taken: twelve digits, the width of ISO 8583's amount field (data element 4).
    static constexpr std::int64_t minor_max = 999'999'999'999;

    std::int64_t minor;
    Currency currency;

    friend bool operator==(const Money&, const Money&) = default;
};

/// For people: "49.99 USD", "5000 JPY", "1.250 KWD".
[[nodiscard]] std::string to_string(Money money);

}  // namespace tollgate
