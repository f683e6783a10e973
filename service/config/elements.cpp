#include <algorithm>

#include "core/country.hpp"
#include "core/money.hpp"
#include "service/config/checks.hpp"
#include "service/key_hash.hpp"
#include "webhooks/source.hpp"

/// The arrays of tables: what their elements may hold.
namespace tollgate::config {
namespace {

using Why = std::optional<std::string>;

Why is_hash(const std::string& value) {
    if (is_key_hash(value)) return std::nullopt;
    return "is not a key hash: pipe the key into `tollgate hash-key` and paste what it prints";
}

Why are_scopes(const std::vector<std::string>& values) {
    static const auto known = one_of({"charge", "metrics", "admin"});
    if (values.empty()) return "must name at least one of \"charge\", \"metrics\", \"admin\"";
    for (const auto& value : values)
        if (auto why = known(value)) return "has a scope that " + *why;
    return std::nullopt;
}

Why are_secrets(const std::vector<std::string>& values) {
    if (values.empty()) return "must hold at least one secret";
    if (std::ranges::any_of(values, [](const auto& v) { return v.empty(); })) return "must not hold an empty secret";
    return std::nullopt;
}

Why is_header_name(const std::string& value) {
    constexpr std::string_view token =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";  // RFC 9110, 5.6.2
    if (value.find_first_not_of(token) == std::string::npos) return std::nullopt;
    return "is not the name of an HTTP header";
}

Why is_source_name(const std::string& value) {
    if (value != "." && value != "..") return is_name(value);
    return "is no name that can stand in the path POST /webhook/NAME";
}

/// What people write as a secret of this scheme.
std::string_view secret_form(webhooks::Scheme scheme) {
    switch (scheme) {
        case webhooks::Scheme::adyen:
            return "must be in hexadecimal for scheme \"adyen\", as its Customer Area shows them";
        case webhooks::Scheme::standard:
            return "must be in base64 for scheme \"standard\", with or without \"whsec_\" in front";
        case webhooks::Scheme::stripe:
            break;
    }
    return "must not be empty";
}

}  // namespace

template <>
const std::vector<Field<AuthKey>>& fields_of<AuthKey>() {
    static const std::vector<Field<AuthKey>> fields = {
        required(field("id", &AuthKey::id, is_name, "The tenant.")),
        required(field("hash", &AuthKey::hash, is_hash, "From `tollgate hash-key`.", Shown::masked)),
        required(field("scopes", &AuthKey::scopes, are_scopes, "What the key may do.")),
    };
    return fields;
}

template <>
void complete(AuthKey&, const toml::table&, Reader&, const std::string&) {}

template <>
const std::vector<Field<WebhookSource>>& fields_of<WebhookSource>() {
    using W = WebhookSource;
    static const std::vector<Field<W>> fields = {
        required(field("name", &W::name, is_source_name, "In the path: POST /webhook/NAME.")),
        required(field("scheme", &W::scheme, one_of({"stripe", "standard", "adyen"}), "How it signs.")),
        required(field("secrets", &W::secrets, are_secrets, "Any of them may match.", Shown::masked)),
        field("tolerance", &W::tolerance, at_least(std::chrono::seconds{1}),
              "How old or ahead a signature may be; adyen signs no time."),
        field("signature_header", &W::signature_header, is_header_name, "In place of Stripe-Signature or webhook-signature."),
    };
    return fields;
}

template <>
void complete(WebhookSource& source, const toml::table& table, Reader& reader, const std::string& key) {
    const auto scheme = webhooks::scheme_from(source.scheme);
    if (!scheme) return;
    const auto is_key = [scheme](const std::string& secret) { return webhooks::key_of(*scheme, secret).has_value(); };
    if (!std::ranges::all_of(source.secrets, is_key))
        reader.problem(table, key + ".secrets", std::string(secret_form(*scheme)));
    if (*scheme == webhooks::Scheme::adyen && !source.signature_header.empty())
        reader.problem(table, key + ".signature_header",
                       "has no meaning for scheme \"adyen\", whose signatures are in the body: leave it out");
}

namespace {

Why is_country_list(const std::vector<std::string>& values) {
    for (const auto& value : values)
        if (!is_country(value)) return "must hold two-letter codes in upper case (ISO 3166-1 alpha-2), like \"US\"";
    return std::nullopt;
}

Why are_thresholds(const std::map<std::string, std::int64_t>& values) {
    if (values.empty()) return "must hold at least one amount, like {USD = 200000}";
    for (const auto& [currency, amount] : values) {
        if (!Currency::from_code(currency)) return "names a currency that ISO 4217 does not know: " + currency;
        if (amount < 1 || amount > Money::minor_max) return "has an amount for " + currency + " outside 1 to 999999999999";
    }
    return std::nullopt;
}

Why is_readable_list(const std::string& value) {
    if (value.empty()) return std::nullopt;
    auto content = read_file(value, 64 << 20);
    return content ? std::nullopt : Why("names a file that " + content.error());
}

struct Kind {
    std::string_view name, action;
    std::vector<std::string_view> own, needed;
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"blocklist", "block", {"emails", "customers", "countries", "payment_methods", "file"}, {}},
        {"avs_cvv", "block", {}, {}},
        {"velocity", "score", {"key", "max_count", "window", "failures_only"}, {"key", "max_count", "window"}},
        {"country_mismatch", "challenge", {}, {}},
        {"high_amount", "challenge", {"threshold"}, {"threshold"}},
    };
    return all;
}

}  // namespace

template <>
const std::vector<Field<FraudRule>>& fields_of<FraudRule>() {
    using R = FraudRule;
    static const std::vector<Field<R>> fields = {
        required(field("kind", &R::kind, one_of({"blocklist", "avs_cvv", "velocity", "country_mismatch", "high_amount"}), "")),
        field("name", &R::name, is_name, "The kind, when left out."),
        field("enabled", &R::enabled, nullptr, "A feature flag."),
        field("shadow", &R::shadow, nullptr, "Judged and recorded, never acted on."),
        always_shown(field("score", &R::score, between(0, 1'000'000), "50 when left out and the action is \"score\".")),
        field("action", &R::action, one_of({"block", "challenge", "score"}), "The kind's own, when left out."),
        field("emails", &R::emails, nullptr, "Compared without case."),
        field("customers", &R::customers, nullptr, ""),
        field("countries", &R::countries, is_country_list, ""),
        field("payment_methods", &R::payment_methods, nullptr, ""),
        field("file", &R::file, is_readable_list, "One entry a line."),
        field("key", &R::key, one_of({"customer", "email", "payment_method", "tenant"}), "What is counted."),
        field("max_count", &R::max_count, between(1, 1'000'000), "It hits from the charge after this many on."),
        field("window", &R::window, at_least(std::chrono::seconds{1}), ""),
        field("failures_only", &R::failures_only, nullptr, ""),
        field("threshold", &R::threshold, are_thresholds, "Minor units by currency."),
    };
    return fields;
}

template <>
void complete(FraudRule& rule, const toml::table& table, Reader& reader, const std::string& key) {
    const auto kind = std::ranges::find(kinds(), rule.kind, &Kind::name);
    if (kind == kinds().end()) return;
    for (const auto& other : kinds())
        for (auto own : other.own)
            if (const auto* node = table.get(own); node && std::ranges::find(kind->own, own) == kind->own.end())
                reader.problem(*node, key + "." + std::string(own),
                               "belongs to kind " + quoted(other.name) + ", not to " + quoted(kind->name));
    for (auto needed : kind->needed)
        if (!table.contains(needed)) reader.problem(table, key, "lacks `" + std::string(needed) + "`");
    const bool blocks_somebody = !rule.emails.empty() || !rule.customers.empty() || !rule.countries.empty() ||
                                 !rule.payment_methods.empty() || !rule.file.empty();
    if (rule.kind == "blocklist" && !blocks_somebody)
        reader.problem(table, key, "blocks nobody: give it emails, customers, countries, payment_methods or a file");
    if (rule.name.empty()) rule.name = rule.kind;
    if (rule.action.empty()) rule.action = kind->action;
    if (rule.action == "score" && !table.contains("score")) rule.score = 50;
}

}  // namespace tollgate::config
