#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tollgate::fraud {

/// ASCII letters in lower case, everything else as it is: the domain of an email is compared so (RFC 4343), and nearly every
/// provider compares the part before the "@" so too. Letters beyond ASCII keep their case.
[[nodiscard]] constexpr char folded(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline std::string folded(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return folded(c); });
    return text;
}

}  // namespace tollgate::fraud
