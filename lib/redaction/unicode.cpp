#include "redaction/unicode.hpp"

#include <algorithm>
#include <array>

namespace tollgate {
namespace {

/// The zero of every script; the nine others follow it (The Unicode Standard, section 4.6).
constexpr auto zeros = std::to_array<char32_t>({
    0x00030, 0x00660, 0x006F0, 0x007C0, 0x00966, 0x009E6, 0x00A66, 0x00AE6, 0x00B66, 0x00BE6, 0x00C66, 0x00CE6, 0x00D66,
    0x00DE6, 0x00E50, 0x00ED0, 0x00F20, 0x01040, 0x01090, 0x017E0, 0x01810, 0x01946, 0x019D0, 0x01A80, 0x01A90, 0x01B50,
    0x01BB0, 0x01C40, 0x01C50, 0x0A620, 0x0A8D0, 0x0A900, 0x0A9D0, 0x0A9F0, 0x0AA50, 0x0ABF0, 0x0FF10, 0x104A0, 0x10D30,
    0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730,
    0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70,
    0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
});
static_assert(std::ranges::is_sorted(zeros));

}  // namespace

int decimal_digit(char32_t code) noexcept {
    if (code < 0x80) return code >= '0' && code <= '9' ? static_cast<int>(code - '0') : -1;
    const auto above = std::ranges::upper_bound(zeros, code);
    const char32_t distance = code - *(above - 1);
    return distance < 10 ? static_cast<int>(distance) : -1;
}

bool is_digit_separator(char32_t code) noexcept {
    if (code < 0x80) return code == ' ' || code == '-' || code == '.' || code == '+';
    switch (code) {
        case 0x00A0:  // no-break space
        case 0x00AD:  // soft hyphen
        case 0x180E:  // Mongolian vowel separator
        case 0x202F:  // narrow no-break space
        case 0x205F:  // medium mathematical space
        case 0x2060:  // word joiner
        case 0x2212:  // minus sign
        case 0x3000:  // ideographic space
        case 0xFE63:  // small hyphen-minus
        case 0xFEFF:  // zero width no-break space
            return true;
        default:
            return code >= 0x2000 && code <= 0x2015 && code != 0x200E && code != 0x200F;  // spaces, zero width, hyphens, dashes
    }
}

}  // namespace tollgate
