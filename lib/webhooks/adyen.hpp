#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace tollgate::webhooks {

/// One `NotificationRequestItem` of Adyen's standard webhooks.
struct AdyenItem {
    boost::json::object object;
    std::string signed_text;  // what its signature covers
    std::string signature;    // as it was sent: base64
};

/// The items of a body that nobody has verified yet: 1 to 100 of them. Fails with `webhook_signature_invalid` when there is
/// nothing to verify: it is no JSON as json/strict_json has it, has no items or too many, or one of them has no signature.
///
/// Signed are eight fields with ":" between them, as they are: nothing is escaped, what is missing is empty, an amount is
/// written in digits and `success` as true or false (Adyen's own libraries, HmacValidator).
[[nodiscard]] Result<std::vector<AdyenItem>> adyen_items(std::string_view body);

}  // namespace tollgate::webhooks
