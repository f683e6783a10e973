#include "redaction/card_number.hpp"

#include <algorithm>

#include "redaction/card_scan.hpp"

namespace tollgate {

std::optional<CardSpan> find_card_number(std::string_view text, std::size_t from) noexcept {
    std::optional<CardSpan> first;
    for (const Reading reading : Readings(text.substr(std::min(from, text.size())))) {
        const auto found = CardScan(text, from, reading).next();
        if (found && (!first || found->span.begin < first->begin)) first = found->span;
    }
    return first;
}

}  // namespace tollgate
