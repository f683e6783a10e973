#include "service/ascii_json.hpp"

#include <array>
#include <cstdint>

namespace tollgate {
namespace {

constexpr char32_t replacement = 0xfffd;

struct Decoded {
    char32_t point;
    std::size_t bytes;
};

/// The character that the text begins with (RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF).
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {replacement, 1};
    char32_t point = lead & (0xff >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {replacement, 1};
        point = (point << 6) | (byte(i) & 0x3f);
    }
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    if (point < least[bytes] || point > 0x10ffff || surrogate) return {replacement, 1};
    return {point, bytes};
}

void append_unit(std::string& out, std::uint32_t unit) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[(unit >> shift) & 15];
}

}  // namespace

void append_ascii_json(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto [point, bytes] = decode(text);
        text.remove_prefix(bytes);
        if (point == '"' || point == '\\') {
            out.append({'\\', static_cast<char>(point)});
        } else if (point >= 0x20 && point < 0x7f) {
            out += static_cast<char>(point);
        } else if (point < 0x10000) {
            append_unit(out, point);
        } else {
            append_unit(out, 0xd800 + ((point - 0x10000) >> 10));
            append_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
        }
    }
    out += '"';
}

}  // namespace tollgate
