#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <vector>

/// What every target is made of. A target is one file that defines `judge`; libFuzzer gives it inputs.
namespace tollgate::fuzz {

/// Runs the code under test on one input and expects its promises kept. The bytes lie alone in memory, so that
/// AddressSanitizer sees a read beyond them.
void judge(std::string_view input);

/// Ends the process when a promise is broken, so that libFuzzer keeps the input.
void expect(bool kept, std::string_view promise, std::source_location where = std::source_location::current());

/// Takes the first line off, without its line feed.
[[nodiscard]] std::string_view take_line(std::string_view& text);

/// The same bytes in pieces: each byte by itself where there are few, else sizes that follow from the bytes.
[[nodiscard]] std::vector<std::string_view> pieces_of(std::string_view bytes);

}  // namespace tollgate::fuzz
