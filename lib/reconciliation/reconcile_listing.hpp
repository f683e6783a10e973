#pragma once

#include "reconciliation/reconcile.hpp"

namespace tollgate::reconciliation {

/// The pages of one listing, one after the other.
class Listing {
public:
    /// Beyond it a listing is taken for one without end.
    static constexpr std::uint64_t rows_most = 10'000'000;
    static constexpr std::uint64_t empty_pages_most = 10'000;
    static constexpr int tries = 3;

    /// All outlive it.
    Listing(const Runtime& runtime, const GatewayBooks& gateway, std::chrono::sys_days day)
        : runtime_(runtime), gateway_(gateway), day_(day) {}

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    /// The next page; may be empty before the end. Asked for three times, unless the first answer is a definite no; fails with
    /// what the last try failed with, or with `unreadable_answer` where the listing goes in a circle or has no end.
    Task<Result<std::vector<GatewayTransaction>>> next();

private:
    Task<Result<TransactionPage>> ask();
    [[nodiscard]] Result<void> check(const TransactionPage& page);

    const Runtime& runtime_;
    const GatewayBooks& gateway_;
    const std::chrono::sys_days day_;
    std::string cursor_;
    std::string marked_;  // an earlier one: found again where they go in a circle, however long that is (Brent, 1980)
    std::uint64_t since_marked_ = 0;
    std::uint64_t mark_after_ = 1;
    std::uint64_t rows_ = 0;
    std::uint64_t empty_pages_ = 0;
    bool ended_ = false;
};

}  // namespace tollgate::reconciliation
