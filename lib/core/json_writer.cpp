#include "core/json_writer.hpp"

#include <charconv>
#include <cstring>
#include <iterator>

namespace tollgate {
namespace {

constexpr bool is_plain(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

constexpr std::uint64_t eight_times(unsigned char byte) noexcept {
    return 0x0101010101010101ULL * byte;
}

/// Not zero when a byte below `limit` may be among the eight; never zero when one is. The borrow of a subtraction also marks
/// the byte after a true find, which costs a second look and nothing else.
constexpr std::uint64_t below(std::uint64_t eight, unsigned char limit) noexcept {
    return (eight - eight_times(limit)) & ~eight & eight_times(0x80);
}

/// Nearly every text is plain from end to end, so it is looked at in words.
std::size_t plain_from(std::string_view text, std::size_t at) noexcept {
    for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        const std::uint64_t quote = eight ^ eight_times('"');
        const std::uint64_t backslash = eight ^ eight_times('\\');
        if ((below(eight, 0x20) | below(quote, 1) | below(backslash, 1)) != 0) break;
    }
    while (at < text.size() && is_plain(text[at])) ++at;
    return at;
}

void append_escape(std::string& out, char c) {
    static constexpr std::string_view short_ones = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (std::size_t i = 0; i < short_ones.size(); i += 2) {
        if (short_ones[i] != c) continue;
        out += {'\\', short_ones[i + 1]};
        return;
    }
    static constexpr std::string_view hex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = plain_from(text, at);
        out.append(text.substr(at, end - at));
        if (end < text.size()) append_escape(out, text[end]);
        at = end + 1;
    }
    out += '"';
}

JsonWriter& JsonWriter::name(std::string_view name) {
    comma();
    append_json_string(text_, name);
    text_ += ':';
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    comma();
    append_json_string(text_, text);
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
    comma();
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    text_.append(digits, end);
    return *this;
}

}  // namespace tollgate
