#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "gateway/news.hpp"
#include "webhooks/fields.hpp"

/// The families of events of the gateways that are known by name. Each returns nothing for a type that tells nothing about a
/// charge; what is wrong with an object is in its `fields`.
namespace tollgate::webhooks {

/// Stripe's; `data.object` of the event.
[[nodiscard]] std::optional<GatewayNews> stripe_news(std::string_view type, Fields& object);
[[nodiscard]] bool is_stripe_type(std::string_view type) noexcept;

/// Adyen's; the item.
[[nodiscard]] std::optional<GatewayNews> adyen_news(Fields& item);

/// Why a payment failed, by any of the words in use for it; what is not known is a decline.
[[nodiscard]] Code decline_from(std::string_view word) noexcept;

}  // namespace tollgate::webhooks
