#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "gateway/outside.hpp"

namespace tollgate {

/// The rows of one page that are read; more are `unreadable_answer`. The largest that net/http_client takes holds fewer.
inline constexpr std::size_t transactions_page_max = 10'000;

/// One page of a gateway's books as contract section 6 writes it (GET /v1/transactions). Fails with `unreadable_answer`, naming
/// the row and the member, when anything but `reference` is missing or is not what it should be: an absent amount is no zero.
/// Members that the contract does not name are left out, and card numbers in ids and references are masked.
[[nodiscard]] Result<TransactionPage> read_transactions(const boost::json::object& page);

/// A movement as somebody wrote it down, before it is believed.
struct WrittenTransaction {
    std::string_view id;
    std::optional<std::string_view> reference;  // none: what stands there is no text
    std::string_view type;
    std::optional<std::int64_t> amount;  // none: what stands there is no whole number
    std::string_view currency, status, created_at;
};

/// The movement, as `read_transactions` checks each of its rows, or the name of the first member that is not what it should be.
[[nodiscard]] std::expected<GatewayTransaction, std::string_view> check_transaction(const WrittenTransaction& written);

/// What that member must be: "an ISO 4217 code in upper case, like USD".
[[nodiscard]] std::string_view must_be(std::string_view member) noexcept;

/// Whether it is authorize, capture, void, refund or dispute.
[[nodiscard]] bool is_transaction_type(std::string_view type) noexcept;

}  // namespace tollgate
