#include "reconciliation/pair_facts.hpp"

#include <algorithm>
#include <limits>

namespace tollgate::reconciliation {

std::int64_t capped_sum(std::int64_t a, std::int64_t b) noexcept {
    using Limits = std::numeric_limits<std::int64_t>;
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? Limits::max() : Limits::min();
}

void Facts::add(Type type, std::string_view currency, std::int64_t amount) {
    auto at = std::ranges::find(sums_, currency, &Sums::currency);
    if (at == sums_.end()) at = sums_.insert(sums_.end(), Sums{.currency = std::string(currency)});
    if (type == Type::capture) {
        at->captured = capped_sum(at->captured, amount);
        any_capture_ = true;
    } else if (type == Type::refund) {
        at->given_back = capped_sum(at->given_back, amount);
    } else {
        disputed_ = true;
    }
}

void Facts::add(std::span<const LedgerEntry> ledger) {
    for (const LedgerEntry& entry : ledger) {
        if (const auto type = type_from(entry.type)) add(*type, entry.currency, entry.amount);
    }
}

const Facts::Sums* Facts::find(std::string_view currency) const noexcept {
    const auto at = std::ranges::find(sums_, currency, &Sums::currency);
    return at == sums_.end() ? nullptr : &*at;
}

std::int64_t Facts::captured(std::string_view currency) const noexcept {
    const Sums* const of = find(currency);
    return of == nullptr ? 0 : of->captured;
}

std::int64_t Facts::given_back(std::string_view currency) const noexcept {
    const Sums* const of = find(currency);
    return of == nullptr ? 0 : of->given_back;
}

bool Facts::explain(Type type, const Entry& theirs) const noexcept {
    if (type == Type::refund) return theirs.status == "refunded";
    if (type == Type::dispute) return theirs.status == "disputed";
    if (theirs.status == "refunded") return given_back(theirs.currency) >= theirs.amount;
    return theirs.status == "captured" || (theirs.status == "disputed" && disputed_);
}

std::string_view Facts::status_of(Type type, std::string_view currency, std::int64_t amount) const noexcept {
    if (type == Type::refund) return "refunded";
    if (type == Type::dispute) return "disputed";
    if (amount > 0 && given_back(currency) >= amount) return "refunded";
    return disputed_ ? "disputed" : "captured";
}

}  // namespace tollgate::reconciliation
