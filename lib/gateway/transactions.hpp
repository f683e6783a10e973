#pragma once

#include <boost/json/object.hpp>

#include "core/error.hpp"
#include "gateway/outside.hpp"

namespace tollgate {

/// The rows of one page that are read; more are `unreadable_answer`. The largest that net/http_client takes holds fewer.
inline constexpr std::size_t transactions_page_max = 10'000;

/// One page of a gateway's books as contract section 6 writes it (GET /v1/transactions). Fails with `unreadable_answer`, naming
/// the row and the member, when anything but `reference` is missing or is not what it should be: an absent amount is no zero.
/// Members that the contract does not name are left out, and card numbers in ids and references are masked.
[[nodiscard]] Result<TransactionPage> read_transactions(const boost::json::object& page);

}  // namespace tollgate
