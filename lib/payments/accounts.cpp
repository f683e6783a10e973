#include "payments/accounts.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tollgate {

std::optional<Accounts> accounts_of(std::string_view type) noexcept {
    constexpr std::array<std::pair<std::string_view, Accounts>, 6> all{{
        {"authorize", {.debit = "held", .credit = "card"}},
        {"capture", {.debit = "captured", .credit = "held"}},
        {"release", {.debit = "card", .credit = "held"}},
        {"void", {.debit = "card", .credit = "held"}},
        {"refund", {.debit = "card", .credit = "captured"}},
        {"dispute", {.debit = "disputed", .credit = "captured"}},
    }};
    const auto* const found = std::ranges::find(all, type, [](const auto& one) { return one.first; });
    return found == all.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tollgate
