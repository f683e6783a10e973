#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "support/stripe/form.hpp"

/// What Stripe refuses, and how it says so (docs.stripe.com/error-codes, /currencies, /testing, /api/errors).
namespace tollgate::test::stripe_api {

namespace json = boost::json;

/// An error answer, thrown. A result is stored under its key only once the endpoint has begun: parameters that do not pass
/// are not (docs.stripe.com/api/idempotent_requests).
struct Refusal {
    int status = 400;
    json::object error;  // what stands under "error"
    bool stored = false;
};

[[nodiscard]] Refusal invalid(std::string_view message, std::string_view param = "", std::string_view code = "");
[[nodiscard]] Refusal missing(std::string_view what, std::string_view id, std::string_view param, int status);

/// `parameter_unknown` for anything but these; "x[*]" stands for all below x.
void allow_only(const Form& form, std::initializer_list<std::string_view> names);
/// `parameter_missing`.
void require(const Form& form, std::initializer_list<std::string_view> names);
void allow_values(const Form& form, std::string_view name, std::initializer_list<std::string_view> values);
/// At most 50, names of at most 40 characters, values of at most 500 (docs.stripe.com/metadata).
void check_metadata(const Form& form);

/// A whole number above zero; nothing when it was not sent.
[[nodiscard]] std::optional<std::int64_t> positive(const Form& form, std::string_view name);

/// A presentment currency, in lower case.
void check_currency(const std::string& currency);
/// Three-decimal currencies in tens, ISK and UGX in hundreds (docs.stripe.com/currencies, "Special cases").
void check_precision(std::int64_t amount, const std::string& currency, std::string_view param);
/// The same, and within the least and the largest charge.
void check_charge_amount(std::int64_t amount, const std::string& currency);

/// What a test payment method stands for (docs.stripe.com/testing).
struct Card {
    std::string brand = "visa";
    std::string country = "US";
    std::string code;  // of its decline; empty: it pays
    std::string decline_code;
    enum class Authentication : std::uint8_t { none, on_request, always } authentication = Authentication::none;
    std::string postal_check = "pass";
    std::string cvc_check = "pass";
    bool refunds_wait = false;  // they are pending at first
};

/// By the name behind "pm_card_" or "tok_"; nothing for a name that Stripe does not know.
[[nodiscard]] std::optional<Card> card_named(std::string_view name);

}  // namespace tollgate::test::stripe_api
