#include "stores/sqlite/cursor.hpp"

#include <charconv>

namespace tollgate::sqlite {

std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
    return number;
}

PaymentError not_given_out() {
    return {Code::bad_request, "the cursor is not one that was given out; leave it away to begin anew"};
}

}  // namespace tollgate::sqlite
