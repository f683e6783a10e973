#include "redaction/card_brands.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace tollgate {
namespace {

struct Range {
    std::uint32_t first;  // of six digits
    std::uint32_t last;
    std::uint32_t lengths;   // bit n: n digits
    std::string_view brand;  // "unknown" where several share it
};

constexpr std::uint32_t of(std::initializer_list<unsigned> lengths) {
    std::uint32_t bits = 0;
    for (const unsigned length : lengths) bits |= 1U << length;
    return bits;
}

constexpr std::uint32_t sixteen = of({16});
constexpr std::uint32_t sixteen_up = of({16, 17, 18, 19});
constexpr std::uint32_t fourteen_up = of({14, 15, 16, 17, 18, 19});
constexpr std::uint32_t thirteen_up = of({13, 14, 15, 16, 17, 18, 19});

constexpr auto known = std::to_array<Range>({
    {220000, 220599, sixteen_up, "mir"},  // and Borica
    {222100, 272099, sixteen, "mastercard"},
    {300000, 305999, fourteen_up, "diners"},
    {309500, 309599, fourteen_up, "diners"},
    {340000, 349999, of({15}), "amex"},
    {352800, 358999, sixteen_up, "jcb"},
    {360000, 369999, fourteen_up, "diners"},
    {370000, 379999, of({15}), "amex"},
    {380000, 399999, fourteen_up, "diners"},
    {400000, 499999, of({13, 16, 19}), "visa"},
    {501800, 501899, thirteen_up, "maestro"},  // below 16 digits only where it is known to issue
    {502000, 502099, thirteen_up, "maestro"},
    {503800, 503899, thirteen_up, "maestro"},
    {500000, 509999, sixteen_up, "unknown"},  // Maestro, Verve, Elo, RuPay, Dankort
    {510000, 559999, sixteen, "mastercard"},
    {560000, 589999, sixteen_up, "maestro"},
    {589300, 589399, thirteen_up, "maestro"},
    {601100, 601199, sixteen_up, "discover"},
    {600000, 609999, sixteen_up, "unknown"},  // Discover, RuPay, Hipercard, Ukrcard
    {620000, 629999, sixteen_up, "unionpay"},
    {630000, 639999, sixteen_up, "unknown"},  // Maestro, InstaPayment, Elo
    {630400, 630499, thirteen_up, "maestro"},
    {644000, 659999, sixteen_up, "discover"},  // and RuPay, Troy, Verve
    {670000, 679999, sixteen_up, "maestro"},
    {675900, 675999, thirteen_up, "maestro"},
    {676100, 676399, thirteen_up, "maestro"},
    {810000, 829999, sixteen_up, "unionpay"},  // and RuPay
    {860000, 860099, sixteen, "uzcard"},
    {979200, 979299, sixteen, "troy"},
    {986000, 986099, sixteen, "humo"},
});

}  // namespace

std::string_view card_brand(std::uint32_t first_six, std::size_t digits) noexcept {
    const auto found = std::ranges::find_if(known, [=](const Range& range) {
        return first_six >= range.first && first_six <= range.last && (range.lengths >> digits & 1U) != 0;
    });
    return found == known.end() ? std::string_view() : found->brand;
}

}  // namespace tollgate
