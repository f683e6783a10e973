#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/time.hpp"

namespace tollgate::webhooks {

/// How a sender signs.
enum class Scheme : std::uint8_t {
    stripe,    // docs.stripe.com/webhooks, "Verify webhook signatures manually"
    standard,  // Standard Webhooks 1.0, symmetric signatures
    adyen,     // docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures
};

[[nodiscard]] std::optional<Scheme> scheme_from(std::string_view name) noexcept;

/// The key in a secret as people write it: stripe, the secret itself; standard, base64 with or without "whsec_" in front;
/// adyen, hexadecimal. Nothing when it is none.
[[nodiscard]] std::optional<std::string> key_of(Scheme scheme, std::string_view secret);

/// Somebody who may send events.
struct Source {
    std::string name;
    Scheme scheme = Scheme::stripe;
    std::vector<std::string> keys;      // any of them may have signed: one is being rotated
    Milliseconds tolerance{300'000};    // how old or ahead a signature may be, both included; adyen signs no time
    std::string signature_header = {};  // in place of Stripe-Signature or webhook-signature; empty: those
};

/// The value of a header that stands on exactly one line; nothing for any other.
using HeaderOf = std::function<std::optional<std::string_view>(std::string_view name)>;

/// Whether just these bytes come from the source, and came recently. Fails with `webhook_signature_invalid`, or, once the
/// signature is found good or the time is none at all, with `webhook_timestamp_invalid`; neither says anything of the request
/// beyond that. The work is one HMAC a key (adyen: a key and item) and one comparison in constant time a key and signature
/// that was sent.
///
///   stripe    "t=TIME,v1=HEX[,v1=HEX…]" over "TIME.BODY": exactly one t, of digits; any v1 may match; other schemes are passed
///             over, so that nobody gets us to believe a weaker one.
///   standard  "v1,BASE64[ v1,BASE64…]" over "ID.TIME.BODY", with webhook-id and webhook-timestamp; other versions are passed
///             over.
///   adyen     every item of `notificationItems` (1 to 100) carries its own in `additionalData.hmacSignature`, over eight of
///   its
///             fields; one that is wrong refuses them all. Nothing else of an item is signed, no time either: a copy of an old
///             one is told by its id, for the whole retention.
[[nodiscard]] Result<void> verify(const Source& source, const HeaderOf& header, std::string_view body, WallTime now);

}  // namespace tollgate::webhooks
