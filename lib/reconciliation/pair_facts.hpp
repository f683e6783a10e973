#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciliation/pair.hpp"
#include "stores/ports.hpp"

namespace tollgate::reconciliation {

/// a + b, or the nearest to it that there is.
[[nodiscard]] std::int64_t capped_sum(std::int64_t a, std::int64_t b) noexcept;

/// What some movements of a charge took and gave back, in each currency.
class Facts {
public:
    void add(Type type, std::string_view currency, std::int64_t amount);
    void add(std::span<const LedgerEntry> ledger);

    [[nodiscard]] bool any_capture() const noexcept { return any_capture_; }
    [[nodiscard]] std::int64_t captured(std::string_view currency) const noexcept;
    [[nodiscard]] std::int64_t given_back(std::string_view currency) const noexcept;

    /// Whether the gateway may call a movement of ours what it calls it, when these are all of its charge.
    [[nodiscard]] bool explain(Type type, const Entry& theirs) const noexcept;
    /// What we call it.
    [[nodiscard]] std::string_view status_of(Type type, std::string_view currency, std::int64_t amount) const noexcept;

private:
    struct Sums {
        std::string currency;
        std::int64_t captured = 0;
        std::int64_t given_back = 0;
    };
    [[nodiscard]] const Sums* find(std::string_view currency) const noexcept;

    std::vector<Sums> sums_;  // a charge has one
    bool any_capture_ = false;
    bool disputed_ = false;
};

}  // namespace tollgate::reconciliation
