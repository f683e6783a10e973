#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tollgate {

/// Nobody says whether a text is JSON or percent-encoded, and `\u4111` may be a letter or digits of a card. So it is read in
/// each of these ways that it has signs for.
enum class Reading : std::uint8_t {
    as_it_stands,  // UTF-8
    json,          // with the escapes of RFC 8259, section 7
    percent,       // UTF-8 whose bytes may be %XX (RFC 3986, section 2.1)
    unwrapped,  // with both, also one inside the other and each several times, as what went through several programs has them
};

/// One character as a reader of that kind sees it. What is no valid UTF-8 is U+FFFD, a byte at a time; the full-width forms of
/// ASCII (U+FF01 … U+FF5E) are ASCII.
struct Symbol {
    char32_t code;
    std::uint16_t length;  // in bytes of the text, always bounded
};

[[nodiscard]] Symbol symbol_beyond_ascii(std::string_view text, std::size_t at, Reading reading) noexcept;

[[nodiscard]] inline Symbol symbol_at(std::string_view text, std::size_t at, Reading reading) noexcept {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80 && byte != '\\' && byte != '%') return {byte, 1};
    return symbol_beyond_ascii(text, at, reading);
}

/// The readings that are worth while for a text, at least the first.
class Readings {
public:
    explicit Readings(std::string_view text) noexcept;

    [[nodiscard]] const Reading* begin() const noexcept { return all_.data(); }
    [[nodiscard]] const Reading* end() const noexcept { return all_.data() + count_; }

private:
    std::array<Reading, 4> all_{Reading::as_it_stands};
    std::size_t count_ = 1;
};

}  // namespace tollgate
