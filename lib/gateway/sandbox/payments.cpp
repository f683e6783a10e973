#include "gateway/sandbox/payments.hpp"

#include <boost/json/serialize.hpp>

#include "gateway/http_call.hpp"

namespace tollgate::sandbox {

using boost::json::object;

namespace {

constexpr auto authorization_lasts = std::chrono::days(7);

Reaction reply(const object& body) {
    Reaction reaction;
    reaction.body = boost::json::serialize(body);
    return reaction;
}

}  // namespace

Payments::Payment* Payments::find(std::string_view authorization_id, const object& body) {
    if (Payment* const known = payments_.find(authorization_id)) return known;
    const auto money = money_of(body);
    if (!options_.forgetful || !is_id("auth_", authorization_id)) return nullptr;
    Payment& past = payments_.add(authorization_id);
    past.id = authorization_id;
    past.reference = text_of(body, "reference");
    past.authorized = money ? money->minor : 0;
    past.currency = money ? money->currency.code() : "";
    return &past;
}

Payments::Payment* Payments::find_captured(std::string_view capture_id, const object& body) {
    if (const std::string* const authorization_id = captures_.find(capture_id)) return payments_.find(*authorization_id);
    const auto money = money_of(body);
    if (!options_.forgetful || !is_id("cap_", capture_id) || !money) return nullptr;
    const std::string authorization_id = "past_" + std::string(capture_id);
    captures_.add(capture_id) = authorization_id;
    Payment& past = payments_.add(authorization_id);
    past.id = authorization_id;
    past.reference = text_of(body, "reference");
    past.capture_id = capture_id;
    past.currency = money->currency.code();
    past.authorized = past.captured = Money::minor_max;  // how much it was nobody remembers
    past.state = State::captured;
    return &past;
}

std::string Payments::token_behind(const object& body) {
    if (const auto token = text_of(body, "payment_method"); !token.empty()) return std::string(token);
    if (const Payment* const payment = payments_.find(text_of(body, "authorization_id"))) return payment->token;
    const std::string* const authorization_id = captures_.find(text_of(body, "capture_id"));
    const Payment* const payment = authorization_id == nullptr ? nullptr : payments_.find(*authorization_id);
    return payment == nullptr ? "" : payment->token;
}

Effect Payments::effect(std::string_view type, std::string id, const Payment& payment, std::int64_t amount, CallFacts facts,
                        std::string_view status) const {
    Effect made;
    made.at = facts.now;
    made.type = type;
    made.id = std::move(id);
    made.reference = payment.reference;
    made.idempotency_key = facts.key;
    made.amount = amount;
    made.currency = payment.currency;
    made.order_id = payment.order_id;
    made.status = status;
    if (type == "capture") made.listed = faults_of(payment.token).capture_listed;
    if (type == "refund") made.listed = faults_of(payment.token).refund_listed;
    return made;
}

Reaction Payments::decline(std::string_view why, const object& body, Money money, CallFacts facts) {
    Payment nobody;
    nobody.reference = text_of(body, "reference");
    nobody.order_id = text_of(body, "order_id");
    nobody.currency = money.currency.code();
    books_.write(effect("authorize", id_from("auth_", facts.key), nobody, money.minor, facts, "failed"));
    return refuse(402, why, "the sandbox was asked to refuse this payment");
}

Reaction Payments::authorize(const object& body, CallFacts facts) {
    const auto money = money_of(body);
    const std::string_view token = text_of(body, "payment_method");
    const std::string_view reference = text_of(body, "reference");
    if (!money) return refuse(422, "validation_failed", "amount must be a positive integer and currency an ISO 4217 code");
    if (token.empty() || reference.empty())
        return refuse(422, "validation_failed", "payment_method and reference must be non-empty strings");

    const Faults faults = faults_of(token);
    const auto* const authenticate = body.if_contains("authenticate");
    const bool asks = faults.decline == "authentication_required" ||
                      (authenticate != nullptr && authenticate->is_bool() && authenticate->get_bool());
    // The sandbox's customers always authenticate: the step after it comes under another key and goes through.
    if (asks && asked_.find(reference) == nullptr) {
        asked_.add(reference) = facts.key;
        Reaction reaction;
        reaction.status = 402;
        reaction.body = boost::json::serialize(
            object{{"error", "authentication_required"},
                   {"message", "the customer must authenticate"},
                   {"redirect_url", options_.public_url + "/sandbox/authenticate/" + section6::percent_encode(reference)}});
        return reaction;
    }
    if (!faults.decline.empty() && faults.decline != "authentication_required")
        return decline(faults.decline, body, *money, facts);

    const std::string id = id_from("auth_", facts.key);
    Payment& payment = payments_.add(id, [](const Payment& one) { return one.state == State::authorized; });
    payment = Payment{};
    payment.id = id;
    payment.reference = reference;
    payment.order_id = text_of(body, "order_id");
    payment.token = token;
    payment.currency = money->currency.code();
    payment.authorized = money->minor;
    payment.authorize_seq = books_.write(effect("authorize", id, payment, money->minor, facts, "authorized"));
    return reply({{"authorization_id", id},
                  {"status", "authorized"},
                  {"amount", money->minor},
                  {"currency", payment.currency},
                  {"avs_result", faults.avs_mismatch ? "mismatch" : "match"},
                  {"cvv_result", faults.cvv_mismatch ? "mismatch" : "match"},
                  {"card_country", faults.card_country},
                  {"expires_at", to_rfc3339(facts.now + authorization_lasts)}});
}

Reaction Payments::capture(const object& body, CallFacts facts) {
    const auto money = money_of(body);
    if (!money) return refuse(422, "validation_failed", "amount must be a positive integer and currency an ISO 4217 code");
    Payment* const payment = find(text_of(body, "authorization_id"), body);
    if (payment == nullptr) return refuse(404, "not_found", "no such authorization");
    if (payment->state == State::voided) return refuse(409, "already_voided", "the authorization was voided");
    if (payment->state == State::captured) return refuse(409, "already_captured", "the authorization was captured");
    if (payment->currency != money->currency.code())
        return refuse(422, "currency_mismatch", "it was authorized in another currency");
    if (money->minor > payment->authorized) return refuse(422, "amount_too_large", "more than was authorized");
    if (faults_of(payment->token).capture_fails) {
        books_.write(effect("capture", id_from("cap_", facts.key), *payment, money->minor, facts, "failed"));
        return refuse(402, "card_declined", "the sandbox was asked to refuse this capture");
    }

    const std::string id = id_from("cap_", facts.key);
    payment->state = State::captured;
    payment->captured = money->minor;
    payment->capture_id = id;
    payment->capture_seq = books_.write(effect("capture", id, *payment, money->minor, facts, "captured"));
    books_.restate(payment->authorize_seq, "captured");
    captures_.add(id) = payment->id;
    return reply({{"capture_id", id}, {"status", "captured"}, {"amount", money->minor}, {"currency", payment->currency}});
}

Reaction Payments::void_authorization(const object& body, CallFacts facts) {
    Payment* const payment = find(text_of(body, "authorization_id"), body);
    if (payment == nullptr) return refuse(404, "not_found", "no such authorization");
    if (payment->state == State::captured) return refuse(409, "already_captured", "it was captured: refund it instead");
    if (payment->state == State::voided) return refuse(409, "already_voided", "the authorization was voided before");
    if (faults_of(payment->token).void_fails) return refuse(422, "void_refused", "the sandbox was asked to refuse this void");

    const std::string id = id_from("void_", facts.key);
    payment->state = State::voided;
    books_.write(effect("void", id, *payment, payment->authorized, facts, "voided"));
    books_.restate(payment->authorize_seq, "voided");
    return reply({{"void_id", id}, {"status", "voided"}});
}

Reaction Payments::refund(const object& body, CallFacts facts) {
    const auto money = money_of(body);
    if (!money) return refuse(422, "validation_failed", "amount must be a positive integer and currency an ISO 4217 code");
    Payment* const payment = find_captured(text_of(body, "capture_id"), body);
    if (payment == nullptr) return refuse(404, "not_found", "no such capture");
    if (payment->currency != money->currency.code())
        return refuse(422, "currency_mismatch", "it was captured in another currency");
    if (money->minor > payment->captured - payment->refunded)
        return refuse(422, "refund_exceeds_capture", "more than is left of what was captured");

    const std::string id = id_from("ref_", facts.key);
    payment->refunded += money->minor;
    books_.write(effect("refund", id, *payment, money->minor, facts, "refunded"));
    if (payment->refunded == payment->captured) {
        books_.restate(payment->authorize_seq, "refunded");
        books_.restate(payment->capture_seq, "refunded");
    }
    return reply({{"refund_id", id}, {"status", "refunded"}, {"amount", money->minor}, {"currency", payment->currency}});
}

void Payments::clear() {
    payments_.clear();
    captures_.clear();
    asked_.clear();
}

std::string id_from(std::string_view prefix, std::string_view key) {
    // FNV-1a from two starting points: spread is all that is needed here, keys are not adversarial in a sandbox.
    std::string id(prefix);
    for (std::uint64_t hash : {0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL}) {
        for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        for (int shift = 60; shift >= 0; shift -= 4) id += "0123456789abcdef"[(hash >> shift) & 15];
    }
    return id;
}

bool is_id(std::string_view prefix, std::string_view id) noexcept {
    return id.size() == prefix.size() + 32 && id.starts_with(prefix) &&
           id.substr(prefix.size()).find_first_not_of("0123456789abcdef") == id.npos;
}

std::string_view text_of(const object& body, std::string_view member) noexcept {
    return section6::text_in(body, member);
}

std::optional<Money> money_of(const object& body) noexcept {
    const auto* const amount = body.if_contains("amount");
    const auto currency = Currency::from_code(text_of(body, "currency"));
    if (amount == nullptr || !amount->is_int64() || !currency) return std::nullopt;
    const std::int64_t minor = amount->get_int64();
    if (minor <= 0 || minor > Money::minor_max) return std::nullopt;
    return Money{minor, *currency};
}

}  // namespace tollgate::sandbox
