#pragma once

#include <optional>
#include <string_view>

/// The ledger's double entries. One entry is both halves at once, so that they can neither be apart nor differ: it credits the
/// account the money leaves and debits the one it comes to. So over all entries of a currency debits equal credits.
namespace tollgate {

/// Where money can be, as a shop sees it.
///
///   card      the customer's; below zero by what was taken from there
///   held      authorized, and not captured
///   captured  the shop's
///   disputed  taken back by the customer's bank until the dispute is decided
struct Accounts {
    std::string_view debit;   // it comes to
    std::string_view credit;  // it leaves
};

/// By the type of an entry (stores/ports.hpp); nothing for another.
///
///   authorize  card → held
///   capture    held → captured
///   release    held → card: what a capture in part left over; under the capture's id
///   void       held → card
///   refund     captured → card
///   dispute    captured → disputed
[[nodiscard]] std::optional<Accounts> accounts_of(std::string_view type) noexcept;

}  // namespace tollgate
