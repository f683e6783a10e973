#pragma once

#include <optional>

#include "core/error.hpp"

namespace tollgate {

/// Whether asking again, with the same key, may help: the way there failed, or it said "later". A decline never is.
[[nodiscard]] bool is_worth_retrying(const PaymentError& error) noexcept;

/// What the attempts of one call, all under one key, say together. Once one ended unknown, money may have moved, and only an
/// answer about that very key tells: a later "could not be reached" or a plain "no" speaks of its own attempt alone.
class Attempts {
public:
    /// What is known of the whole after an attempt that failed like this.
    [[nodiscard]] PaymentError after(PaymentError error);

private:
    std::optional<PaymentError> unknown_;
};

}  // namespace tollgate
