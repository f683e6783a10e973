#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

/// What a day's comparison of our ledger with the gateway's books comes to (contract section 8).
namespace tollgate::reconciliation {

enum class Kind : std::uint8_t {
    missing_internal,      // the gateway moved money, and the ledger does not have it
    missing_gateway,       // the ledger has it, and the gateway does not know it
    amount_mismatch,       // both have it, with different amounts
    currency_mismatch,     // both have it, in different currencies
    status_mismatch,       // both have it, and the gateway says it is not what we think
    duplicate_at_gateway,  // the gateway did it once more
    late,                  // both have it, on different days
    orphan_refund,         // a refund of something that neither side has captured
};
inline constexpr std::size_t kinds = 8;

/// What was done about it.
enum class Action : std::uint8_t {
    none,    // it is told in the report only
    page,    // somebody was called
    replay,  // a webhook that tells of it was put back into its queue
    adopt,   // its charge was told
    left,    // one of these last two is to be done, by the serving process
};

[[nodiscard]] std::string_view name(Kind kind) noexcept;      // "missing_internal", …
[[nodiscard]] std::string_view name(Action action) noexcept;  // "none", "page", "replay", "adopt", "left to the service"

/// One movement as one of the sides has it.
struct Entry {
    std::string id;  // the gateway's
    std::int64_t amount = 0;
    std::string currency;
    std::string status;  // captured, refunded, disputed; of the gateway also authorized, voided, failed
    WallTime at{};       // 1970: not known, of ours that is late and of another day

    friend bool operator==(const Entry&, const Entry&) = default;
};

struct Discrepancy {
    Kind kind = Kind::missing_internal;
    std::string reference;  // as the gateway has it; the charge's id where only we have it; may be empty
    std::string charge_id;  // empty: it is no charge of ours
    std::string type;       // capture, refund, dispute
    std::optional<Entry> internal;
    std::optional<Entry> gateway;
    Action action = Action::none;

    friend bool operator==(const Discrepancy&, const Discrepancy&) = default;
};

/// What the shop gained that day in one currency, in its minor unit: captured, less refunded, less disputed. What did not
/// move in the end (failed, voided) is no part of it; nor are disputes where the gateway does not list them.
struct Sum {
    std::int64_t internal = 0;
    std::int64_t gateway = 0;

    friend bool operator==(const Sum&, const Sum&) = default;
};

/// How the comparison ended, without the discrepancies themselves, which may be many.
struct Tally {
    std::chrono::sys_days day;
    std::uint64_t matched = 0;
    std::uint64_t total = 0;                   // matched, and one for each discrepancy
    std::array<std::uint64_t, kinds> found{};  // by kind
    std::map<std::string, Sum> sums;           // by currency

    [[nodiscard]] std::uint64_t discrepancies() const noexcept { return total - matched; }
    friend bool operator==(const Tally&, const Tally&) = default;
};

/// "1248/1251 matched, 3 discrepancies: 2 missing_internal, 1 status_mismatch"
[[nodiscard]] std::string summary(const Tally& tally);

}  // namespace tollgate::reconciliation
