#include "core/money.hpp"

#include <cstddef>

namespace tollgate {
namespace {

// ISO 4217 list one, by decimals of the minor unit. Left out are funds (but CLF, UYW), metals, test codes and units of account
// between banks (XAU, XTS, XXX, XDR, …), and what was withdrawn: ANG for XCG, ZWL for ZWG, HRK and BGN for EUR.
constexpr std::string_view without_decimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF ";
constexpr std::string_view two_decimals =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK "
    "DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
    "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
    "USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ";
constexpr std::string_view three_decimals = "BHD IQD JOD KWD LYD OMR TND ";
constexpr std::string_view four_decimals = "CLF UYW ";

constexpr std::size_t letters = 26;

constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

constexpr std::size_t index_of(std::string_view code) {
    std::size_t index = 0;
    for (const char c : code) index = index * letters + static_cast<std::size_t>(c - 'A');
    return index;
}

constexpr signed char unknown = -1;

constexpr auto exponents = [] {
    std::array<signed char, letters * letters * letters> table{};
    table.fill(unknown);
    const auto enter = [&table](std::string_view codes, signed char exponent) {
        for (std::size_t i = 0; i < codes.size(); i += 4) table[index_of(codes.substr(i, 3))] = exponent;
    };
    enter(without_decimals, 0);
    enter(two_decimals, 2);
    enter(three_decimals, 3);
    enter(four_decimals, 4);
    return table;
}();

}  // namespace

std::optional<Currency> Currency::from_code(std::string_view code) noexcept {
    if (code.size() != 3 || !is_upper(code[0]) || !is_upper(code[1]) || !is_upper(code[2])) return std::nullopt;
    const int exponent = exponents[index_of(code)];
    if (exponent == unknown) return std::nullopt;
    return Currency({code[0], code[1], code[2]}, exponent);
}

std::string to_string(Money money) {
    // The magnitude is taken as unsigned: the smallest integer has no positive counterpart.
    const bool negative = money.minor < 0;
    const auto bits = static_cast<std::uint64_t>(money.minor);
    std::string text = std::to_string(negative ? 0 - bits : bits);

    if (const auto decimals = static_cast<std::size_t>(money.currency.exponent()); decimals > 0) {
        if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
        text.insert(text.size() - decimals, 1, '.');
    }
    if (negative) text.insert(0, 1, '-');
    return text.append(1, ' ').append(money.currency.code());
}

}  // namespace tollgate
