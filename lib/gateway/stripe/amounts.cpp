#include "gateway/stripe/amounts.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace tollgate::stripe {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& codes, Currency currency) noexcept {
    return std::ranges::find(codes, currency.code()) != codes.end();
}

constexpr std::array<std::string_view, 5> three_decimals{"BHD", "JOD", "KWD", "OMR", "TND"};
constexpr std::array<std::string_view, 3> ten_digits{"COP", "HUF", "JPY"};

/// The page names digits and largest amounts that do not agree; the digits are the smaller.
std::int64_t largest(Currency currency) noexcept {
    if (currency.code() == "IDR") return 999'999'999'999;
    if (currency.code() == "LBP") return 99'999'999'999;
    if (is_one_of(ten_digits, currency)) return 9'999'999'999;
    return currency.code() == "INR" ? 999'999'999 : 99'999'999;
}

constexpr std::int64_t power_of_ten(int exponent) noexcept {
    std::int64_t power = 1;
    for (; exponent > 0; --exponent) power *= 10;
    return power;
}

std::unexpected<PaymentError> refuse(Currency currency, const std::string& why) {
    return fail(Code::validation_failed, "Stripe takes " + std::string(currency.code()) + " " + why);
}

}  // namespace

int decimals(Currency currency) noexcept {
    const std::string_view code = currency.code();
    if (code == "ISK" || code == "UGX") return 2;
    return code == "MGA" ? 0 : currency.exponent();
}

Result<std::int64_t> to_stripe(Money money) {
    const Currency currency = money.currency;
    const int ours = currency.exponent();
    const int theirs = decimals(currency);
    if (theirs > 2 && !is_one_of(three_decimals, currency)) return refuse(currency, "in no way that is known");
    if (money.minor <= 0) return refuse(currency, "in amounts above zero");

    const std::int64_t dropped = power_of_ten(ours - theirs);
    if (money.minor % dropped != 0)
        return refuse(currency, "without decimals: the amount must be divisible by " + std::to_string(dropped));
    if (theirs == 3 && money.minor % 10 != 0)
        return refuse(currency, "with two decimals and a last one that is 0: the amount must be divisible by 10");
    const std::int64_t amount = money.minor / dropped * power_of_ten(theirs - ours);
    if (amount > largest(currency)) {
        const std::int64_t step = theirs == 3 ? 10 : power_of_ten(theirs - ours);
        const auto most = from_stripe(largest(currency) / step * step, to_stripe(currency));
        return refuse(currency, "up to " + (most ? to_string(*most) : "a smaller amount"));
    }
    return amount;
}

std::optional<Money> from_stripe(std::int64_t amount, std::string_view code) {
    std::string letters(code);
    const bool lower = std::ranges::all_of(letters, [](char c) { return c >= 'a' && c <= 'z'; });
    std::ranges::transform(letters, letters.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    const auto currency = lower ? Currency::from_code(letters) : std::nullopt;
    if (!currency || amount < 0 || amount > Money::minor_max * 100) return std::nullopt;
    const int ours = currency->exponent();
    const int theirs = decimals(*currency);
    const std::int64_t dropped = power_of_ten(theirs - ours);
    if (amount % dropped != 0) return std::nullopt;
    const std::int64_t minor = amount / dropped * power_of_ten(ours - theirs);
    if (minor > Money::minor_max) return std::nullopt;
    return Money{minor, *currency};
}

std::string to_stripe(Currency currency) {
    std::string letters(currency.code());
    std::ranges::transform(letters, letters.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    return letters;
}

}  // namespace tollgate::stripe
