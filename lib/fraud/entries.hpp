#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::fraud {

/// A list of texts to look others up in: one a line, white space around them trimmed; blank lines and lines that begin with
/// "#" are none. Never changes once made.
class Entries {
public:
    static constexpr std::size_t count_max = 1'000'000;
    static constexpr std::size_t line_bytes_max = 1024;

    /// Why not when it is beyond a bound, as "holds …".
    [[nodiscard]] static std::expected<std::shared_ptr<const Entries>, std::string> parse(std::string text);

    [[nodiscard]] bool has(std::string_view text) const noexcept;
    [[nodiscard]] bool has_without_case(std::string_view text) const noexcept;

    /// Without those that were there before.
    [[nodiscard]] std::size_t size() const noexcept { return sorted_.size(); }

    Entries(const Entries&) = delete;
    Entries& operator=(const Entries&) = delete;

private:
    explicit Entries(std::string text) : text_(std::move(text)) {}
    [[nodiscard]] std::expected<void, std::string> take_apart();

    const std::string text_;
    std::vector<std::string_view> sorted_;  // of the text; alike but for case stands together
};

}  // namespace tollgate::fraud
