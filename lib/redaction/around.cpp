#include "redaction/around.hpp"

#include <algorithm>

#include "redaction/unicode.hpp"

namespace tollgate {
namespace {

char plain(char32_t code) noexcept {
    if (const int digit = decimal_digit(code); digit >= 0) return static_cast<char>('0' + digit);
    if (code < 0x7f) return static_cast<char>(code);
    return is_digit_separator(code) ? ' ' : '~';
}

}  // namespace

Around::Around(std::string_view text, CardSpan span, Reading reading) noexcept {
    const std::size_t before = reading == Reading::as_it_stands ? 72 : before_max;
    std::size_t at = span.begin - std::min(span.begin, before);
    while (at < text.size() && length_ < letters_.size()) {
        if (at == span.begin) begin_ = length_;
        if (at == span.end) end_ = length_;
        if (at >= span.end && length_ >= end_ + after_max) break;
        const Symbol symbol = symbol_at(text, at, reading);
        // Reading began in the middle of something: what it led to says nothing.
        if (at < span.begin && at + symbol.length > span.begin) {
            at = span.begin;
            length_ = 0;
        } else {
            at += symbol.length;
            letters_[length_++] = plain(symbol.code);
        }
    }
    if (at == span.end) end_ = length_;
}

}  // namespace tollgate
