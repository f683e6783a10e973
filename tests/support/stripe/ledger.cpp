#include "support/stripe/ledger.hpp"

#include <algorithm>

namespace tollgate::test::stripe_api {
namespace {

using namespace std::chrono_literals;

constexpr auto authorization_lasts = 7 * 24h;
/// From this version on, what is not captured leaves no Refund (docs.stripe.com/changelog/basil/2025-03-31/
/// remove-refund-from-partial-capture-and-payment-cancellation-flow).
constexpr std::string_view no_refund_of_releases = "2025-03-31";
/// From this one on, a PaymentIntent without payment_method_types takes those of the dashboard (docs.stripe.com/upgrades).
constexpr std::string_view dashboard_methods = "2023-08-16";

}  // namespace

std::string Ledger::next_id(std::string_view prefix) {
    std::string digits = std::to_string(++counter_);
    return std::string(prefix) + "_3StandIn" + std::string(16 - digits.size(), '0') + digits;
}

Intent& Ledger::intent(const std::string& id, std::string_view param) {
    const auto at = intents.find(id);
    if (at == intents.end()) throw missing("payment_intent", id, param, param == "intent" ? 404 : 400);
    return at->second;
}

void Ledger::unexpected(const Intent& intent, std::string_view verb) const {
    Refusal refusal =
        invalid("You cannot " + std::string(verb) + " this PaymentIntent because it has a status of " + intent.status + ".", "",
                "payment_intent_unexpected_state");
    refusal.error["payment_intent"] = render(intent);
    refusal.stored = true;
    throw refusal;
}

void Ledger::take_payment_method(Intent& intent, const Form& form) {
    if (const auto method = form.find("payment_method")) {
        const bool known = method->starts_with("pm_card_") && card_named(method->substr(8));
        if (!known) throw missing("PaymentMethod", *method, "payment_method", 400);
        intent.payment_method = *method;
        intent.card = card_named(method->substr(8));
    }
    if (form.under("payment_method_data").empty()) return;
    require(form, {"payment_method_data[type]"});
    allow_values(form, "payment_method_data[type]", {"card"});
    require(form, {"payment_method_data[card][token]"});
    const std::string token = form.text("payment_method_data[card][token]");
    const bool known = token.starts_with("tok_") && card_named(token.substr(4));
    if (!known) throw missing("token", token, "payment_method_data[card][token]", 400);
    intent.payment_method = next_id("pm");
    intent.card = card_named(token.substr(4));
}

void Ledger::take_confirmation(Intent& intent, const Form& form) {
    allow_values(form, "payment_method_options[card][request_three_d_secure]", {"automatic", "any", "challenge"});
    if (const auto asked = form.find("payment_method_options[card][request_three_d_secure]")) intent.three_d_secure = *asked;
    if (const auto url = form.find("return_url")) intent.return_url = *url;
    intent.off_session = form.has("off_session") && form.text("off_session") != "false";
    intent.fails_on_action = form.is_true("error_on_requires_action");
    if (intent.needs_return_url && intent.return_url.empty())
        throw invalid(
            "A `return_url` must be specified because this PaymentIntent accepts the payment methods enabled in the "
            "Dashboard, some of which may redirect",
            "return_url");
}

Intent& Ledger::create(const Form& form, const At& at) {
    Intent intent;
    intent.amount = *positive(form, "amount");
    intent.currency = form.text("currency");
    check_currency(intent.currency);
    check_charge_amount(intent.amount, intent.currency);
    check_metadata(form);
    allow_values(form, "confirm", {"true", "false"});
    allow_values(form, "capture_method", {"automatic", "automatic_async", "manual"});
    allow_values(form, "confirmation_method", {"automatic", "manual"});
    const bool confirms = form.is_true("confirm");
    for (const char* const name : {"return_url", "off_session", "error_on_requires_action", "mandate"}) {
        if (form.has(name) && !confirms)
            throw invalid(std::string("The parameter `") + name + "` may only be passed with `confirm` set to true", name);
    }
    intent.capture_method = form.find("capture_method").value_or("automatic_async");
    intent.confirmation_method = form.find("confirmation_method").value_or("automatic");
    intent.metadata = form.under("metadata");
    intent.description = form.text("description");
    intent.needs_return_url = form.all("payment_method_types[]").empty() && at.version >= dashboard_methods &&
                              form.text("automatic_payment_methods[allow_redirects]") != "never";
    intent.created = at.now;
    take_payment_method(intent, form);
    if (confirms) {
        take_confirmation(intent, form);
        if (!intent.card) throw invalid("You cannot confirm without a payment method", "payment_method", "parameter_missing");
    }
    intent.status = intent.card ? "requires_confirmation" : "requires_payment_method";
    intent.id = next_id("pi");
    Intent& kept = intents[intent.id] = std::move(intent);
    changed(kept, at.now);
    tell("payment_intent.created", render(kept), at.now);
    if (confirms) attempt(kept, at.now);
    return kept;
}

Intent& Ledger::confirm(const std::string& id, const Form& form, const At& at) {
    Intent& kept = intent(id);
    if (kept.status != "requires_confirmation" && kept.status != "requires_payment_method" && kept.status != "requires_action")
        unexpected(kept, "confirm");
    take_payment_method(kept, form);
    take_confirmation(kept, form);
    if (!kept.card ||
        (kept.status == "requires_payment_method" && !form.has("payment_method") && form.under("payment_method_data").empty()))
        unexpected(kept, "confirm without a payment method");
    attempt(kept, at.now);
    return kept;
}

void Ledger::decline(Intent& intent, const std::string& code, const std::string& decline_code, WallTime now) {
    Charge charge{.id = next_id("ch"),
                  .intent = intent.id,
                  .failed = true,
                  .amount = intent.amount,
                  .metadata = intent.metadata,
                  .created = now};
    intent.charge = charge.id;
    charges[charge.id] = charge;
    intent.status = "requires_payment_method";
    intent.last_error = {{"type", "card_error"},
                         {"code", code},
                         {"decline_code", decline_code},
                         {"message", "Your card was declined."},
                         {"charge", charge.id}};
    changed(intent, now);
    tell("payment_intent.payment_failed", render(intent), now);
    Refusal refusal{.status = 402, .error = intent.last_error, .stored = true};
    refusal.error["payment_intent"] = render(intent);
    throw refusal;
}

void Ledger::attempt(Intent& intent, WallTime now) {
    using enum Card::Authentication;
    const Card card = *intent.card;
    const bool requested = intent.three_d_secure == "any" || intent.three_d_secure == "challenge";
    const bool wanted = card.authentication == always || (card.authentication == on_request && requested);
    if (wanted && !intent.authenticated) {
        if (intent.off_session || intent.fails_on_action)
            decline(intent, "authentication_required", "authentication_required", now);
        intent.status = "requires_action";
        changed(intent, now);
        tell("payment_intent.requires_action", render(intent), now);
        return;
    }
    intent.authenticated = false;
    if (!card.code.empty()) decline(intent, card.code, card.decline_code, now);

    Charge made{.id = next_id("ch"), .intent = intent.id, .amount = intent.amount, .metadata = intent.metadata, .created = now};
    intent.charge = made.id;
    intent.last_error.clear();
    Charge& charge = charges[made.id] = made;
    if (intent.capture_method != "manual") {
        settle(intent, charge, intent.amount, {now, std::string(no_refund_of_releases)});
        return;
    }
    intent.status = "requires_capture";
    changed(intent, now);
    tell("payment_intent.amount_capturable_updated", render(intent), now);
}

void Ledger::settle(Intent& intent, Charge& charge, std::int64_t amount, const At& at) {
    charge.captured = true;
    charge.amount_captured = amount;
    intent.received = amount;
    intent.status = "succeeded";
    const std::int64_t rest = charge.amount - amount;
    const bool released_by_refund = rest > 0 && at.version < no_refund_of_releases;
    charge.transaction =
        book("charge", "charge", charge.id, released_by_refund ? charge.amount : amount, intent.currency, at.now);
    if (released_by_refund) {
        Refund release{.id = next_id("re"),
                       .charge = charge.id,
                       .amount = rest,
                       .status = "succeeded",
                       .created = at.now,
                       .release = true};
        release.transaction = book("refund", "partial_capture_reversal", release.id, -rest, intent.currency, at.now);
        charge.released = rest;
        refunds[release.id] = release;
    }
    changed(intent, at.now);
    tell("payment_intent.succeeded", render(intent), at.now);
}

Intent& Ledger::capture(const std::string& id, const Form& form, const At& at) {
    Intent& kept = intent(id);
    const auto asked = positive(form, "amount_to_capture");
    if (kept.status != "requires_capture") unexpected(kept, "capture");
    const std::int64_t amount = asked.value_or(kept.amount);
    check_precision(amount, kept.currency, "amount_to_capture");
    if (amount > kept.amount) {
        Refusal refusal = invalid("The amount to capture is greater than the amount that can be captured", "amount_to_capture",
                                  "amount_too_large");
        refusal.stored = true;
        throw refusal;
    }
    settle(kept, charges.at(kept.charge), amount, at);
    return kept;
}

void Ledger::cancel(Intent& intent, std::string reason, WallTime now) {
    intent.status = "canceled";
    intent.canceled = now;
    intent.cancellation_reason = std::move(reason);
    changed(intent, now);
    tell("payment_intent.canceled", render(intent), now);
}

Intent& Ledger::cancel(const std::string& id, const Form& form, const At& at) {
    Intent& kept = intent(id);
    allow_values(form, "cancellation_reason", {"duplicate", "fraudulent", "requested_by_customer", "abandoned"});
    if (kept.status == "succeeded" || kept.status == "canceled") unexpected(kept, "cancel");
    cancel(kept, form.text("cancellation_reason"), at.now);
    return kept;
}

Refund& Ledger::refund(const Form& form, const At& at) {
    const auto asked = positive(form, "amount");
    allow_values(form, "reason", {"duplicate", "fraudulent", "requested_by_customer"});
    check_metadata(form);
    std::string charge_id = form.text("charge");
    if (charge_id.empty()) {
        if (!form.has("payment_intent"))
            throw invalid("One of the following params should be provided: payment_intent or charge.", "", "parameter_missing");
        charge_id = intent(form.text("payment_intent"), "payment_intent").charge;
    }
    const auto found = charges.find(charge_id);
    if (found == charges.end() && !form.text("charge").empty()) throw missing("charge", charge_id, "charge", 404);
    if (found == charges.end() || found->second.failed || !found->second.captured) {
        Refusal refusal = invalid("There is no successful charge to refund.", "", "payment_intent_unexpected_state");
        refusal.stored = true;
        throw refusal;
    }
    Charge& charge = found->second;
    Intent& of = intents.at(charge.intent);
    const std::int64_t left = charge.amount_captured - charge.refunded;
    const std::int64_t amount = asked.value_or(left);
    Refusal refusal;
    if (left == 0) {
        refusal = invalid("Charge " + charge.id + " has already been refunded.", "", "charge_already_refunded");
    } else if (charge.disputed) {
        refusal = invalid("Charge " + charge.id + " has been charged back; cannot issue a refund.", "", "charge_disputed");
    } else if (amount > left) {
        refusal = invalid("Refund amount is greater than unrefunded amount on charge", "amount", "amount_too_large");
    } else {
        check_precision(amount, of.currency, "amount");
        Refund made{.id = next_id("re"),
                    .charge = charge.id,
                    .amount = amount,
                    .reason = form.text("reason"),
                    .status = of.card->refunds_wait ? "pending" : "succeeded",
                    .metadata = form.under("metadata"),
                    .created = at.now};
        made.transaction = book("refund", "refund", made.id, -amount, of.currency, at.now);
        charge.refunded += amount;
        Refund& kept = refunds[made.id] = std::move(made);
        changed(of, at.now);
        tell("charge.refunded", render(charge), at.now);
        return kept;
    }
    refusal.stored = true;
    throw refusal;
}

void Ledger::authenticate(const std::string& id, bool succeeded, WallTime now) {
    Intent& kept = intent(id);
    if (kept.status != "requires_action") unexpected(kept, "authenticate");
    if (succeeded) {
        kept.authenticated = true;
        kept.status = "requires_confirmation";
        changed(kept, now);
        if (kept.confirmation_method == "manual") return;
        try {
            attempt(kept, now);
        } catch (const Refusal&) {  // the event tells of it
        }
        return;
    }
    kept.status = "requires_payment_method";
    kept.last_error = {{"type", "invalid_request_error"},
                       {"code", "payment_intent_authentication_failure"},
                       {"message", "The customer could not be authenticated."}};
    changed(kept, now);
    tell("payment_intent.payment_failed", render(kept), now);
}

void Ledger::dispute(const std::string& charge_id, WallTime now) {
    Charge& charge = charges.at(charge_id);
    charge.disputed = true;
    const Dispute made{.id = next_id("dp"), .charge = charge.id, .amount = charge.amount_captured, .created = now};
    disputes[made.id] = made;
    book("adjustment", "dispute", made.id, -made.amount, intents.at(charge.intent).currency, now);
    tell("charge.dispute.created", render(made), now);
}

void Ledger::pay_out(std::int64_t amount, const std::string& currency, WallTime now) {
    book("payout", "payout", next_id("po"), -amount, currency, now);
}

void Ledger::settle_refunds(WallTime now) {
    for (auto& [id, refund] : refunds) {
        if (refund.status != "pending") continue;
        refund.status = "succeeded";
        tell("refund.updated", render(refund), now);
    }
}

void Ledger::expire(WallTime now) {
    for (auto& [id, kept] : intents) {
        if (kept.status == "requires_capture" && now >= charges.at(kept.charge).created + authorization_lasts)
            cancel(kept, "expired", now);
    }
}

std::string Ledger::book(std::string type, std::string category, std::string source, std::int64_t amount,
                         const std::string& currency, WallTime now) {
    Transaction made{.id = next_id("txn"),
                     .type = std::move(type),
                     .category = std::move(category),
                     .source = std::move(source),
                     .amount = amount,
                     .currency = currency,
                     .created = now};
    if (!settlement_currency_.empty() && settlement_currency_ != currency) {
        made.converted = true;  // at 1.25, whatever the currencies are
        made.amount = amount * 5 / 4;
        made.currency = settlement_currency_;
    }
    transactions[made.id] = made;
    return made.id;
}

void Ledger::changed(Intent& intent, WallTime now) {
    intent.history.emplace_back(now, render(intent));
}

void Ledger::tell(std::string_view type, json::object about, WallTime now) {
    events.push_back({{"id", next_id("evt")},
                      {"object", "event"},
                      {"api_version", no_refund_of_releases},
                      {"created", seconds(now)},
                      {"type", json::string_view(type.data(), type.size())},
                      {"livemode", false},
                      {"pending_webhooks", 1},
                      {"request", {{"id", nullptr}, {"idempotency_key", nullptr}}},
                      {"data", {{"object", std::move(about)}}}});
}

}  // namespace tollgate::test::stripe_api
