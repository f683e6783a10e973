#pragma once

#include <vector>

#include "gateway/news.hpp"
#include "payments/charge.hpp"

/// What news from the gateway do to a charge: decided here, without I/O. News come at least once and in any order, before
/// the gateway's own answer or long after it, so a charge only ever rises: what is known already changes nothing, and what
/// contradicts it is for people.
namespace tollgate {

/// Something that is told to the shop beside a new status.
struct Occurrence {
    enum class Kind : std::uint8_t { refunded, disputed };
    Kind kind = Kind::refunded;
    std::string gateway_id;  // of the refund or dispute
};

struct Heard {
    NewsOutcome::Kind kind = NewsOutcome::Kind::known;
    std::string why;
    std::vector<LedgerEntry> ledger;      // of `applied`: what moved
    std::vector<Occurrence> occurrences;  // of `applied`
};

/// The most refunds, and disputes, that one charge can have.
inline constexpr std::size_t returns_max = 500;

/// Puts the news into the charge's facts when they are new and fit; else leaves it as it is. What the charge's own intent was
/// about may then be done: the next step follows from the facts.
///
/// `judged`: fraud rules look at what the gateway tells of the card with its authorization, and news tell nothing of it. Then
/// an authorization that is under way waits for its own answer, as long as that can be had.
[[nodiscard]] Heard hear(Charge& charge, const GatewayNews& news, WallTime now, bool judged = false);

}  // namespace tollgate
