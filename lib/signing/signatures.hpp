#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

/// How those sign whose signatures we make ourselves as well: the sandbox signs as Stripe does, the shop's events are signed
/// with Standard Webhooks. What is checked of others is in webhooks/.
namespace tollgate {

/// The value of `Stripe-Signature` (docs.stripe.com/webhooks, "Verify webhook signatures manually"): "t=…,v1=…" over "t.body",
/// the key being the secret as it is written.
[[nodiscard]] std::string stripe_signature(std::string_view secret, WallTime at, std::string_view body);

/// The key in a secret of Standard Webhooks 1.0 ("whsec_" and base64, or base64 alone); nothing when it is none.
[[nodiscard]] std::optional<std::string> standard_key(std::string_view secret);

/// The value of `webhook-signature` (Standard Webhooks 1.0, "Symmetric signatures"): "v1,…" over "id.timestamp.body";
/// `timestamp` is in whole seconds.
[[nodiscard]] std::string standard_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                                             std::string_view body);

/// Whole seconds since 1970 UTC, as both have it.
[[nodiscard]] std::string unix_seconds(WallTime time);

}  // namespace tollgate
