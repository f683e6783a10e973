// What the fraud rules say of a charge, and what the audit log is told of it.
#include <algorithm>
#include <utility>

#include "payments/charge_saga.hpp"

namespace tollgate {
namespace {

PaymentError blocked_by(const fraud::RuleVerdict& rule) {
    return {Code::fraud_blocked, "the fraud rule \"" + rule.name + "\" blocked the charge"};
}

/// The answer that an authorization was told with was lost, and news told of it.
bool says_nothing(const Authorization& authorization) noexcept {
    return authorization.avs_result.empty() && authorization.cvv_result.empty() && authorization.card_country.empty();
}

bool is_refused_card(const Charge& charge) noexcept {
    switch (charge.failure->error.code) {
        case Code::card_declined:
        case Code::insufficient_funds:
        case Code::expired_card:
            return true;
        case Code::fraud_blocked:
            return charge.authorization && fraud::blocking_rule(charge.risk) != nullptr;
        default:
            return false;
    }
}

}  // namespace

/// Before the gateway is asked, and again when it has authorized; the verdicts are written with the intent that follows from
/// them. Asking for the customer's authentication once is enough, whatever they did.
void ChargeSaga::screen() {
    if (charge_.failure) return;
    const bool authorized_now = std::ranges::find(ledger_, "authorize", &LedgerEntry::type) != ledger_.end();
    const bool first = charge_.actions == 0 && charge_.step_up == StepUp::none;
    if (authorized_now) {
        const bool asked = !first || charge_.risk.decision == fraud::Decision::challenge;
        if (!first && says_nothing(*charge_.authorization)) return;  // what was told of the one before it stands
        charge_.risk = context_.screen.after(std::move(charge_.risk), subject_of(charge_), *charge_.authorization);
        if (!asked && charge_.risk.decision == fraud::Decision::challenge) step_up();
    } else if (first && next_step(charge_) == Step::authorize) {
        charge_.risk = context_.screen.before(subject_of(charge_), std::exchange(charge_.counts, {}));
    } else {
        return;
    }
    const fraud::RuleVerdict* const rule = fraud::blocking_rule(charge_.risk);
    if (charge_.risk.decision != fraud::Decision::approve) {
        std::string outcome(name(charge_.risk.decision));
        if (rule != nullptr) outcome += ": " + rule->name;
        remember(charge_, {.at = now(), .what = "fraud", .outcome = std::move(outcome)});
    }
    if (rule != nullptr) charge_.failure = Failure{.step = Step::authorize, .error = blocked_by(*rule)};
}

/// Where the payment method cannot be used a second time, what should have been authenticated is not taken.
void ChargeSaga::step_up() {
    if (!context_.outside.gateway.pays_once) {
        charge_.step_up = StepUp::voiding;
        return;
    }
    charge_.failure = Failure{.step = Step::authorize,
                              .error = {Code::fraud_blocked,
                                        "a fraud rule asks for the customer's authentication, and the gateway "
                                        "takes this payment method only once"}};
}

/// A card that was tried and refused, by the gateway or for what the gateway told of it, is counted with the write that says
/// so: what was blocked before does not make its customer worse.
void ChargeSaga::count_failure() {
    if (charge_.failure_counted || !charge_.failure || charge_.failure->step != Step::authorize) return;
    if (!is_refused_card(charge_)) return;
    velocities_ = context_.screen.failure_counts(subject_of(charge_));
    charge_.failure_counted = !velocities_.empty();
}

/// What moved and how the charge stands, once a change; the records travel with the write itself.
void ChargeSaga::write_down() {
    for (const LedgerEntry& entry : ledger_) {
        const Money money{entry.amount, charge_.request.amount.currency};
        write_down(std::string(payment_moment) + entry.type, to_string(money) + " " + entry.gateway_id);
    }
    const ChargeStatus status = status_of(charge_);
    if (charge_.kept_status == status) return;
    charge_.kept_status = status;
    remember(charge_, {.at = now(), .what = "charge.status", .outcome = std::string(name(status))});
    write_down("charge.status", std::string(name(status)));
}

void ChargeSaga::write_down(std::string what, std::string outcome) {
    context_.audit.append({.at = now(),
                           .who = charge_.actor.who,
                           .what = std::move(what),
                           .outcome = std::move(outcome),
                           .origin = charge_.actor.origin,
                           .charge_id = charge_.id,
                           .request_id = charge_.actor.request_id});
}

}  // namespace tollgate
