#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stores/events.hpp"
#include "webhooks/source.hpp"

namespace tollgate::webhooks {

/// What we call an event that this source calls `sender_id`: the same for each of its copies.
[[nodiscard]] std::string webhook_id(std::string_view source, std::string_view sender_id);

/// The events of a request that `verify` has found good, as they are archived: one, or one an item of Adyen's. Fails with
/// `invalid_json` unless it is JSON as json/strict_json has it, with a string `id` of 1 to 255 characters and no control
/// characters (Adyen: a pspReference and an eventCode). Whether anybody knows its type does not matter.
///
/// `body` is what came, byte for byte, or the item; card numbers in it are masked, in the sender's id and type, too. The
/// fingerprint is of what came before that: of the bytes, without the `pending_webhooks` that Stripe changes from copy to copy,
/// or of what Adyen signs of the item.
[[nodiscard]] Result<std::vector<Event>> read(const Source& source, std::string_view body, WallTime now);

}  // namespace tollgate::webhooks
