#pragma once

#include <boost/json/object.hpp>

#include "core/error.hpp"
#include "gateway/outside.hpp"

namespace tollgate::stripe {

/// A page of GET /v1/balance_transactions with `data.source` and `data.source.charge` expanded, as movements of charges. What
/// moved is told by `reporting_category` (docs.stripe.com/reports/reporting-categories):
///
///   category        | type, status              | id     | amount, currency
///   charge          | capture, captured         | ch_…   | what was captured of it
///   refund          | refund, refunded          | re_…   | the Refund's
///                   | or failed, when it did    |        |
///   refund_failure  | refund, failed            | re_…   | the Refund's: the money came back
///   dispute         | dispute, disputed         | dp_…   | the Dispute's
///
/// Amounts are those the customer was charged in, from the source: the balance itself may be kept in another currency. All
/// other categories are left out: payouts, fees, what was authorized and not captured (partial_capture_reversal), disputes won
/// (dispute_reversal), transfers. Authorizations and voids move no balance and do not appear. `reference` is our charge as its
/// metadata name it; a movement of something that is not ours has none.
///
/// Fails with `unreadable_answer`, naming the row, when one of these cannot be read whole.
[[nodiscard]] Result<TransactionPage> read_balance(const boost::json::object& page);

}  // namespace tollgate::stripe
