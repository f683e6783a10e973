#include "core/json_writer.hpp"

#include <algorithm>
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

/// Nearly every text is plain from end to end, so it is looked at in words; the last one may overlap the one before.
bool is_plain(std::string_view text) noexcept {
    std::uint64_t found = 0;
    std::uint64_t eight = 0;
    const auto look = [&](const char* at) {
        std::memcpy(&eight, at, sizeof eight);
        found |= below(eight, 0x20) | below(eight ^ eight_times('"'), 1) | below(eight ^ eight_times('\\'), 1);
    };
    if (text.size() < sizeof eight) return std::ranges::all_of(text, [](char c) { return is_plain(c); });
    for (std::size_t at = 0; at + sizeof eight <= text.size(); at += sizeof eight) look(text.data() + at);
    look(text.data() + text.size() - sizeof eight);
    return found == 0;
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

/// Adds to the text in one step: `fill` writes from where it is told on, at most that many characters, and returns its end.
template <class Fill>
void extend(std::string& text, std::size_t most, Fill fill) {
    const std::size_t old = text.size();
    text.resize_and_overwrite(old + most, [&](char* begin, std::size_t) { return fill(begin + old) - begin; });
}

char* copy(std::string_view from, char* to) noexcept {
    return to + from.copy(to, from.size());
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    if (is_plain(text)) {
        out.append(text) += '"';
        return;
    }
    for (const char c : text) {
        if (is_plain(c)) {
            out += c;
        } else {
            append_escape(out, c);
        }
    }
    out += '"';
}

void JsonWriter::put(std::string_view text) {
    extend(text_, text.size() + 1, [&](char* end) {
        if (comma_) *end++ = ',';
        return copy(text, end);
    });
}

void JsonWriter::put_string(std::string_view text, char after) {
    if (!is_plain(text)) {
        std::string quoted;
        append_json_string(quoted, text);
        if (after != 0) quoted += after;
        return put(quoted);
    }
    extend(text_, text.size() + 4, [&](char* end) {
        if (comma_) *end++ = ',';
        *end++ = '"';
        end = copy(text, end);
        *end++ = '"';
        if (after != 0) *end++ = after;
        return end;
    });
}

JsonWriter& JsonWriter::name(std::string_view name) {
    put_string(name, ':');
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    put_string(text, 0);
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
    char digits[20];
    const char* const end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    return literal({digits, end});
}

}  // namespace tollgate
