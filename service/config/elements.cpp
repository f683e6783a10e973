#include <algorithm>

#include "service/config/checks.hpp"
#include "service/key_hash.hpp"
#include "webhooks/source.hpp"

/// The arrays of tables: what their elements may hold. Those of fraud.rules are in fraud_rules.cpp.
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
    if (value == "reconciliation")
        return "is what the service itself calls what it learns from the gateway's books: choose another";
    if (value != "." && value != "..") return is_name(value);
    return "is no name that can stand in the path POST /webhook/NAME";
}

/// It says who did something, in the audit log and in timelines.
Why is_key_id(const std::string& value) {
    if (value != "gateway" && value != "tollgate") return is_name(value);
    return "is the name of somebody else in the audit log: choose another";
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

const std::vector<Field<AuthKey>>& fields_of(const AuthKey&) {
    static const std::vector<Field<AuthKey>> fields = {
        required(field("id", &AuthKey::id, is_key_id, "The tenant.")),
        required(field("hash", &AuthKey::hash, is_hash, "From `tollgate hash-key`.", Shown::masked)),
        required(field("scopes", &AuthKey::scopes, are_scopes, "What the key may do.")),
    };
    return fields;
}

void complete(AuthKey&, const toml::table&, Reader&, const std::string&) {}

const std::vector<Field<WebhookSource>>& fields_of(const WebhookSource&) {
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

}  // namespace tollgate::config
