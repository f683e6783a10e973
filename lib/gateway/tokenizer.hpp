#pragma once

#include <string>
#include <string_view>

#include "async/runtime.hpp"
#include "core/error.hpp"

namespace tollgate {

/// A card as everybody may see it (PCI DSS 4.0, requirement 3.4.1).
struct CardToken {
    std::string token;  // what `payment_method` of a charge takes
    std::string brand;  // "visa", "mastercard", …; "unknown" where several brands share a range
    std::string last4;
};

/// Turns a card number into a token that stands for it. The one place that is ever given a number: nobody here stores one, and
/// the caller overwrites it afterwards.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// The number may be grouped by spaces and dashes; it is lent until the task is done. The same card gets the same token for
    /// as long as the tokenizer lives. Fails with `validation_failed` and the mend, without repeating the number, when it is no
    /// card number.
    virtual Task<Result<CardToken>> tokenize(std::string_view number) = 0;
};

}  // namespace tollgate
