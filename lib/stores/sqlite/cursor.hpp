#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

/// Cursors of pages: the place of the last row that was given out, in one or more positive numbers.
namespace tollgate::sqlite {

inline constexpr std::string_view cursor_mark = "sq";

template <std::size_t Size>
[[nodiscard]] std::string cursor_at(const std::array<std::int64_t, Size>& place) {
    std::string cursor(cursor_mark);
    for (const std::int64_t number : place) {
        if (cursor.size() > cursor_mark.size()) cursor += '.';
        cursor += std::to_string(number);
    }
    return cursor;
}

/// Takes one number off the front of `text`, and the point behind it.
[[nodiscard]] std::optional<std::int64_t> take_number(std::string_view& text) noexcept;

[[nodiscard]] PaymentError not_given_out();

/// Fails with `bad_request` for what `cursor_at` did not write.
template <std::size_t Size>
[[nodiscard]] Result<std::array<std::int64_t, Size>> place_from(const std::string& cursor) {
    std::array<std::int64_t, Size> place{};
    std::string_view left(cursor);
    left.remove_prefix(left.starts_with(cursor_mark) ? cursor_mark.size() : left.size());
    bool sound = true;
    for (std::int64_t& number : place) {
        const std::optional<std::int64_t> taken = take_number(left);
        sound = sound && taken && *taken > 0;
        number = taken.value_or(0);
    }
    if (sound && cursor_at(place) == cursor) return place;
    return fail(not_given_out());
}

}  // namespace tollgate::sqlite
