#include "fuzz/support/fuzz.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace tollgate::fuzz {

void expect(bool kept, std::string_view promise, std::source_location where) {
    if (kept) return;
    std::fprintf(stderr, "%s:%u: broken promise: %.*s\n", where.file_name(), static_cast<unsigned>(where.line()),
                 static_cast<int>(promise.size()), promise.data());
    std::abort();
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

std::vector<std::string_view> pieces_of(std::string_view bytes) {
    constexpr std::size_t single_max = 256;
    std::vector<std::string_view> pieces;
    const bool singly = bytes.size() <= single_max;
    std::size_t draw = std::hash<std::string_view>{}(bytes);
    while (!bytes.empty()) {
        draw = draw * 6364136223846793005 + 1442695040888963407;
        const std::size_t size = singly ? 1 : 1 + (draw >> 33) % 96;
        pieces.push_back(bytes.substr(0, size));
        bytes.remove_prefix(pieces.back().size());
    }
    return pieces;
}

}  // namespace tollgate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    tollgate::fuzz::judge({reinterpret_cast<const char*>(data), size});
    return 0;
}
