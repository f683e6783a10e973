#pragma once

#include <array>
#include <string_view>

/// What a card's verification code is called by the brands and in programs, in lower case and without separators.
namespace tollgate {

/// Only as the whole name: inside longer ones most of these mean other things.
inline constexpr auto secret_names = std::to_array<std::string_view>({
    "cvv", "cvv2", "cvc",  "cvc2",    "cid",     "csc",     "cav",     "cav2",     "ccv",          "ccv2",
    "cvd", "cvn",  "cvn2", "cardcid", "cardcsc", "cidcode", "csccode", "cardcode", "securitycode", "verificationvalue",
});

/// Wherever it stands in a name.
inline constexpr auto secret_phrases = std::to_array<std::string_view>({"cardverification", "cardvalidation", "cardsecurity"});

}  // namespace tollgate
