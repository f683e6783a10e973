#pragma once

#include <string>
#include <string_view>

namespace tollgate {

/// A JSON string in visible ASCII and nothing else (RFC 8259 section 7), for texts of strangers that people read on a terminal
/// and programs line by line: every control, every separator of lines and every mark that turns the direction of a text is an
/// escape. What is no UTF-8 becomes U+FFFD, byte by byte.
void append_ascii_json(std::string& out, std::string_view text);

[[nodiscard]] inline std::string ascii_json(std::string_view text) {
    std::string out;
    append_ascii_json(out, text);
    return out;
}

}  // namespace tollgate
