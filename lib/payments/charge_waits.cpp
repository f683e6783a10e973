// What a charge waits for, be it its customer or its capture, and what becomes of it when nobody comes.
#include <algorithm>

#include "payments/charge_saga.hpp"

namespace tollgate {
namespace {

/// An authorization that nobody captures is told of a day before it ends, and dealt with an hour before; of a short one,
/// halfway and at the last quarter of what is left then.
constexpr Milliseconds warns_ahead = std::chrono::hours(24);
constexpr Milliseconds voids_ahead = std::chrono::hours(1);

}  // namespace

/// Whether the predecessor surely left no call behind: it parked before one, or the charge waited for somebody else.
bool ChargeSaga::left_nothing() const noexcept {
    return !charge_.intent || !charge_.intent->sent;
}

/// Writes the intent that the predecessor did not: a charge that still waits when it is due is given up, or captured.
Task<std::optional<ChargeSaga::End>> ChargeSaga::take_up() {
    const WallTime at = now();
    if (!charge_.intent) {
        const ChargeStatus status = status_of(charge_);
        if (status == ChargeStatus::authorized && !expire(at)) co_return co_await close();
        if (status == ChargeStatus::requires_action) {
            charge_.failure = Failure{.step = Step::authorize,
                                      .error = {Code::authentication_required, "the customer did not authenticate in time"},
                                      .timed_out = true};
        }
        choose_next(at);
        if (!charge_.intent) co_return std::nullopt;
    }
    charge_.intent->sent = true;
    charge_.intent->since = at;
    if (co_await save(context_.policy.settle.lease, at)) co_return std::nullopt;
    co_return End::abandoned;
}

/// An authorization that nobody has captured is told of in time, and then voided or captured. False: it may wait a little more.
bool ChargeSaga::expire(WallTime at) {
    const WallTime end = *charge_.authorization->expires_at;
    if (!charge_.warned && at < end) {
        charge_.warned = true;
        const std::string then = context_.policy.captures_expiring ? "captured" : "voided";
        context_.pager.warn(charge_.id, "its authorization ends at " + to_rfc3339(end) + " and nobody has captured it; it is " +
                                            then + " shortly before");
        return false;
    }
    if (context_.policy.captures_expiring) {
        charge_.to_capture = charge_.request.amount.minor;
    } else {
        charge_.failure =
            Failure{.step = Step::capture,
                    .error = {Code::checkout_reversed, "nobody captured the payment before its authorization ended"},
                    .voided = true};
    }
    return true;
}

/// The last write: nothing is left to do, or nothing before somebody else has done something.
Task<ChargeSaga::End> ChargeSaga::close() {
    std::optional<WallTime> due;
    const ChargeStatus status = status_of(charge_);
    const bool waits_for_customer = status == ChargeStatus::requires_action;
    if (waits_for_customer) {
        due = now() + context_.policy.action_timeout;
        charge_.parked = true;
    } else if (status == ChargeStatus::authorized) {
        const Milliseconds left = *charge_.authorization->expires_at - now();
        const Milliseconds ahead =
            charge_.warned ? std::min<Milliseconds>(voids_ahead, left / 4) : std::min<Milliseconds>(warns_ahead, left / 2);
        due = now() + left - std::max(ahead, Milliseconds(0));
    }
    if (!co_await save(Milliseconds(0), due)) co_return End::abandoned;
    co_return waits_for_customer ? End::parked : End::finished;
}

}  // namespace tollgate
