#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "core/money.hpp"

/// Amounts as Stripe writes them (docs.stripe.com/currencies). Its unit is ISO 4217's minor unit but for
///   - ISK and UGX: two decimals that are always 00 ("Special cases"). UGX stands in its list of currencies without decimals as
///     well; the special case is what its API does: 5 UGX sent as 5 is refused, since charges must be divisible by 100;
///   - MGA: no decimals.
/// IDR has its two decimals, as have HUF and TWD, which are without them in payouts only. Amounts in BHD, JOD, KWD, OMR and TND
/// end in 0. Never rounded: what cannot be written so is refused.
namespace tollgate::stripe {

/// Of Stripe's unit of this currency.
[[nodiscard]] int decimals(Currency currency) noexcept;

/// Our amount in Stripe's unit. Fails with `validation_failed` and the mend: more decimals than Stripe takes, more digits
/// ("Minimum and maximum charge amounts"), or a currency whose unit at Stripe nobody can know (three or four decimals, and not
/// a named one). Whether the account may take this currency, and the least amount, which depends on it, are for Stripe to say.
[[nodiscard]] Result<std::int64_t> to_stripe(Money money);

/// Stripe's amount in our unit; nothing when the currency is not known ("usd", as Stripe writes it), or the amount is negative,
/// too large for us, or falls between two of our units.
[[nodiscard]] std::optional<Money> from_stripe(std::int64_t amount, std::string_view currency);

/// "usd".
[[nodiscard]] std::string to_stripe(Currency currency);

}  // namespace tollgate::stripe
