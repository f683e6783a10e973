#include "fraud/entries.hpp"

#include <algorithm>
#include <compare>

#include "fraud/fold.hpp"

namespace tollgate::fraud {
namespace {

std::strong_ordering compared_without_case(std::string_view a, std::string_view b) noexcept {
    const std::size_t common = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < common; ++i)
        if (const auto order = folded(a[i]) <=> folded(b[i]); order != 0) return order;
    return a.size() <=> b.size();
}

bool less_without_case(std::string_view a, std::string_view b) noexcept {
    return compared_without_case(a, b) < 0;
}

bool less(std::string_view a, std::string_view b) noexcept {
    const auto order = compared_without_case(a, b);
    return order != 0 ? order < 0 : a < b;
}

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view white = " \t\r\v\f";
    const std::size_t begin = std::min(line.find_first_not_of(white), line.size());
    return line.substr(begin, line.find_last_not_of(white) + 1 - begin);
}

}  // namespace

std::expected<std::shared_ptr<const Entries>, std::string> Entries::parse(std::string text) {
    const std::shared_ptr<Entries> made(new Entries(std::move(text)));
    if (auto good = made->take_apart(); !good) return std::unexpected(std::move(good.error()));
    return made;
}

std::expected<void, std::string> Entries::take_apart() {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // some editors begin a file with it
    std::string_view rest = text_;
    if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line.size() > line_bytes_max)
            return std::unexpected("holds a line of more than 1024 bytes: line " + std::to_string(number));
        const std::string_view entry = trimmed(line);
        if (entry.empty() || entry.starts_with('#')) continue;
        if (sorted_.size() == count_max) return std::unexpected(std::string("holds more than 1,000,000 entries"));
        sorted_.push_back(entry);
    }
    std::ranges::sort(sorted_, less);
    const auto repeated = std::ranges::unique(sorted_);
    sorted_.erase(repeated.begin(), repeated.end());
    sorted_.shrink_to_fit();
    return {};
}

bool Entries::has(std::string_view text) const noexcept {
    return std::ranges::binary_search(sorted_, text, less);
}

bool Entries::has_without_case(std::string_view text) const noexcept {
    return std::ranges::binary_search(sorted_, text, less_without_case);
}

}  // namespace tollgate::fraud
