#include "support/stripe/rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace tollgate::test::stripe_api {
namespace {

/// docs.stripe.com/currencies, "Supported presentment currencies".
constexpr std::string_view presentment =
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny "
    "cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod "
    "jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio "
    "nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd "
    "top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw ";

bool is_one_of(std::string_view currency, std::string_view list) {
    for (std::size_t at = 0; at < list.size(); at += 4) {
        if (list.substr(at, 3) == currency) return true;
    }
    return false;
}

/// docs.stripe.com/currencies, "Minimum and maximum charge amounts".
std::int64_t least(const std::string& currency) {
    static const std::map<std::string, std::int64_t> amounts{
        {"usd", 50},  {"aed", 200}, {"aud", 50}, {"bgn", 100}, {"brl", 50},  {"cad", 50},  {"chf", 50},   {"czk", 1500},
        {"dkk", 250}, {"eur", 50},  {"gbp", 30}, {"hkd", 400}, {"inr", 50},  {"jpy", 50},  {"mxn", 1000}, {"huf", 17'500},
        {"myr", 200}, {"nok", 300}, {"nzd", 50}, {"pln", 200}, {"ron", 200}, {"sek", 300}, {"sgd", 50},   {"thb", 1000},
    };
    const auto at = amounts.find(currency);
    return at == amounts.end() ? 1 : at->second;
}

std::int64_t largest(const std::string& currency) {
    if (currency == "idr") return 999'999'999'999;
    if (currency == "cop" || currency == "huf" || currency == "jpy") return 9'999'999'999;
    return 99'999'999;
}

json::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

bool fits(std::string_view name, std::string_view allowed) {
    if (!allowed.ends_with("[*]")) return name == allowed;
    return name.starts_with(allowed.substr(0, allowed.size() - 2)) && name.ends_with(']');
}

}  // namespace

Refusal invalid(std::string_view message, std::string_view param, std::string_view code) {
    Refusal refusal;
    refusal.error = {{"type", "invalid_request_error"}, {"message", view(message)}};
    if (!param.empty()) refusal.error["param"] = view(param);
    if (!code.empty()) {
        refusal.error["code"] = view(code);
        refusal.error["doc_url"] = "https://stripe.com/docs/error-codes/" + std::string(code);
    }
    return refusal;
}

Refusal missing(std::string_view what, std::string_view id, std::string_view param, int status) {
    Refusal refusal = invalid("No such " + std::string(what) + ": '" + std::string(id) + "'", param, "resource_missing");
    refusal.status = status;
    return refusal;
}

void allow_only(const Form& form, std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : form.items()) {
        if (!std::ranges::any_of(names, [&](std::string_view allowed) { return fits(name, allowed); }))
            throw invalid("Received unknown parameter: " + name, name, "parameter_unknown");
    }
}

void require(const Form& form, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (form.text(name).empty())
            throw invalid("Missing required param: " + std::string(name) + ".", name, "parameter_missing");
    }
}

void allow_values(const Form& form, std::string_view name, std::initializer_list<std::string_view> values) {
    const auto value = form.find(name);
    if (value && std::ranges::find(values, *value) == values.end())
        throw invalid("Invalid " + std::string(name) + ": it must be one of those documented", name);
}

void check_metadata(const Form& form) {
    const auto metadata = form.under("metadata");
    if (metadata.size() > 50) throw invalid("Metadata can have at most 50 keys", "metadata");
    for (const auto& [key, value] : metadata) {
        const std::string param = "metadata[" + key + "]";
        if (key.size() > 40) throw invalid("Metadata keys can have up to 40 characters", param);
        if (value.size() > 500) throw invalid("Metadata values can have up to 500 characters", param);
    }
}

std::optional<std::int64_t> positive(const Form& form, std::string_view name) {
    const auto text = form.find(name);
    if (!text) return std::nullopt;
    std::int64_t number = 0;
    const char* const end = text->data() + text->size();
    if (text->empty() || std::from_chars(text->data(), end, number).ptr != end)
        throw invalid("Invalid integer: " + *text, name, "parameter_invalid_integer");
    if (number < 1) throw invalid("This value must be greater than or equal to 1.", name, "parameter_invalid_integer");
    return number;
}

void check_currency(const std::string& currency) {
    if (currency.size() != 3 || !is_one_of(currency, presentment))
        throw invalid("Invalid currency: " + currency + ". Stripe supports those of docs.stripe.com/currencies, in lower case",
                      "currency");
}

void check_precision(std::int64_t amount, const std::string& currency, std::string_view param) {
    if (is_one_of(currency, "bhd jod kwd omr tnd ") && amount % 10 != 0)
        throw invalid("Amounts in " + currency + " must be rounded to the nearest ten", param, "parameter_invalid_integer");
    if (is_one_of(currency, "isk ugx ") && amount % 100 != 0)
        throw invalid("Amounts in " + currency + " must have 00 as decimals", param, "parameter_invalid_integer");
}

void check_charge_amount(std::int64_t amount, const std::string& currency) {
    check_precision(amount, currency, "amount");
    if (amount < least(currency))
        throw invalid("Amount must be at least the minimum for " + currency, "amount", "amount_too_small");
    if (amount > largest(currency))
        throw invalid("Amount must be no more than the maximum for " + currency, "amount", "amount_too_large");
}

std::optional<Card> card_named(std::string_view name) {
    using enum Card::Authentication;
    static const std::map<std::string_view, Card> cards{
        {"visa", {}},
        {"visa_debit", {}},
        {"mastercard", {.brand = "mastercard"}},
        {"amex", {.brand = "amex"}},
        {"chargeDeclined", {.code = "card_declined", .decline_code = "generic_decline"}},
        {"visa_chargeDeclined", {.code = "card_declined", .decline_code = "generic_decline"}},
        {"chargeDeclinedInsufficientFunds", {.code = "card_declined", .decline_code = "insufficient_funds"}},
        {"visa_chargeDeclinedInsufficientFunds", {.code = "card_declined", .decline_code = "insufficient_funds"}},
        {"chargeDeclinedLostCard", {.code = "card_declined", .decline_code = "lost_card"}},
        {"chargeDeclinedStolenCard", {.code = "card_declined", .decline_code = "stolen_card"}},
        {"chargeDeclinedExpiredCard", {.code = "expired_card", .decline_code = "expired_card"}},
        {"chargeDeclinedIncorrectCvc", {.code = "incorrect_cvc", .decline_code = "incorrect_cvc"}},
        {"chargeDeclinedProcessingError", {.code = "processing_error", .decline_code = "processing_error"}},
        {"authenticationRequired", {.authentication = always}},
        {"threeDSecure2Required", {.authentication = always}},
        {"threeDSecureRequired", {.authentication = always}},
        {"threeDSecureOptional", {.authentication = on_request}},
        {"threeDSecureRequiredChargeDeclined",
         {.code = "card_declined", .decline_code = "generic_decline", .authentication = always}},
        {"avsFail", {.postal_check = "fail"}},
        {"avsZipFail", {.postal_check = "fail"}},
        {"avsUnchecked", {.postal_check = "unavailable"}},
        {"cvcCheckFail", {.cvc_check = "fail"}},
        {"pendingRefund", {.refunds_wait = true}},
        {"us", {}},
        {"de", {.country = "DE"}},
        {"gb", {.country = "GB"}},
    };
    const auto at = cards.find(name);
    return at == cards.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace tollgate::test::stripe_api
