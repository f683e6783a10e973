#include "service/console/login_limit.hpp"

#include "signing/hmac.hpp"

namespace tollgate::console {

std::optional<Milliseconds> LoginLimit::refuses(std::string_view peer, SteadyTime now) {
    static constexpr GcraPolicy policy{.requests = 10, .per = std::chrono::minutes(1), .burst = 10};
    const Mac mac = hmac_sha256(secret_, {peer});
    const std::size_t place = (std::size_t{mac[0]} << 8 | mac[1]) % places_.size();
    const std::lock_guard lock(mutex_);
    const auto since = std::chrono::duration_cast<GcraTime>(now.time_since_epoch());
    const GcraDecision decision = gcra(policy, places_[place], since);
    places_[place] = decision.next_tat;
    if (decision.allowed) return std::nullopt;
    return decision.retry_after;
}

}  // namespace tollgate::console
