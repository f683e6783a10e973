#include "reconciliation/discrepancy.hpp"

namespace tollgate::reconciliation {

std::string_view name(Kind kind) noexcept {
    constexpr std::array<std::string_view, kinds> names{"missing_internal",
                                                        "missing_gateway",
                                                        "amount_mismatch",
                                                        "currency_mismatch",
                                                        "status_mismatch",
                                                        "duplicate_at_gateway",
                                                        "late",
                                                        "orphan_refund"};
    return names[static_cast<std::size_t>(kind)];
}

std::string_view name(Action action) noexcept {
    constexpr std::array<std::string_view, 5> names{"none", "page", "replay", "adopt", "left to the service"};
    return names[static_cast<std::size_t>(action)];
}

std::string summary(const Tally& tally) {
    const std::uint64_t found = tally.discrepancies();
    std::string text = std::to_string(tally.matched) + "/" + std::to_string(tally.total) + " matched, " +
                       std::to_string(found) + (found == 1 ? " discrepancy" : " discrepancies");
    const char* before = ": ";
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        if (tally.found[kind] == 0) continue;
        text.append(before).append(std::to_string(tally.found[kind])).append(" ").append(name(static_cast<Kind>(kind)));
        before = ", ";
    }
    return text;
}

}  // namespace tollgate::reconciliation
