#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "gateway/sandbox/faults.hpp"

namespace tollgate::sandbox {

/// One thing that happened in the outside world. `status` goes on telling the truth: an authorization reads "captured"
/// after its capture, and "refunded" or "voided" once it is undone, so the live payments of an order are its
/// authorizations that read "authorized" or "captured".
struct Effect {
    std::uint64_t seq = 0;
    WallTime at{};
    std::string_view type;  // authorize, capture, void, refund, reserve, release, ship, cancel
    std::string id;
    std::string reference;
    std::string idempotency_key;
    std::int64_t amount = 0;
    std::string currency;  // empty for goods
    std::string order_id;
    std::string_view status;  // authorized, captured, voided, refunded, reserved, released, shipped, canceled; failed
    Listed listed = Listed::truly;
};

/// What happened, in order; above `max` the oldest are forgotten.
class Books {
public:
    explicit Books(std::size_t max) : max_(max) {}

    /// Returns the number it was written under.
    std::uint64_t write(Effect effect);

    /// Harmless when it has been forgotten.
    void restate(std::uint64_t seq, std::string_view status);

    /// A JSON array of every effect; with an order, of that order's alone.
    [[nodiscard]] std::string ledger_json(std::string_view order_id) const;

    /// Contract: GET /v1/transactions. The payments of one UTC day, refused ones included, as they are `listed`. A page is a
    /// thousand effects; the next one begins where it ended, so all pages of a day together look at each effect once.
    [[nodiscard]] std::string transactions_json(std::chrono::sys_days date, std::uint64_t after) const;

    void clear() { effects_.clear(); }

private:
    /// Of the first effect that was written after this one.
    [[nodiscard]] std::size_t place_after(std::uint64_t seq) const;

    std::size_t max_;
    std::uint64_t next_ = 1;
    std::deque<Effect> effects_;
};

}  // namespace tollgate::sandbox
