
#include <algorithm>
#include <set>

#include "service/config/checks.hpp"
#include "signing/signatures.hpp"

/// What is checked of single values by name, and of several together.
namespace tollgate::config {

using Why = std::optional<std::string>;

Why is_listen_address(const std::string& value) {
    if (parse_listen(value)) return std::nullopt;
    return "is not an address and port: write \"127.0.0.1:8080\", \"0.0.0.0:8080\" or \"[::1]:8080\"";
}

Why is_readable_pem(const std::string& value) {
    if (value.empty()) return std::nullopt;
    if (value.starts_with("-----BEGIN")) return "names a file: write its path, without `file:` in front";
    auto content = read_file(value, 1 << 20);
    if (!content) return "names a file that " + content.error();
    if (content->find("-----BEGIN ") == std::string::npos) return "names a file that holds no PEM";
    return std::nullopt;
}

Why is_store_url(const std::string& value) {
    if (parse_store_url(value)) return std::nullopt;
    return "has none of the forms sqlite:PATH, sqlite::memory:, redis://[user:pass@]host:port/db, rediss://…, "
           "redis+unix://PATH, redis+sentinel://host,host/master, redis+cluster://host,host";
}

Why is_time_of_day(const std::string& value) {
    if (value.empty() || parse_time_of_day(value)) return std::nullopt;
    return "is not a time of day: write it like \"02:30\" (UTC)";
}

Why is_name(const std::string& value) {
    constexpr std::string_view allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
    if (!value.empty() && value.size() <= 64 && value.find_first_not_of(allowed) == std::string::npos) return std::nullopt;
    return "must be 1 to 64 letters, digits, dots, dashes or underscores";
}

Why is_secret_header_value(const std::string& value) {
    if (std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f; })) return std::nullopt;
    return "must be visible ASCII characters, without spaces or line breaks";
}

Why is_standard_secret(const std::string& value) {
    if (value.empty() || standard_key(value)) return std::nullopt;
    return "is no key of Standard Webhooks: write base64, with or without \"whsec_\" in front; `openssl rand -base64 32` "
           "prints "
           "one";
}

Why are_audit_keys(const std::vector<std::string>& values) {
    constexpr std::size_t least = 16;
    if (!values.empty() && values.front().empty())
        return "must not begin with \"\", which stands for records from before there was a key: put the key in front of it";
    const auto short_one = [](const std::string& key) { return !key.empty() && key.size() < least; };
    if (std::ranges::any_of(values, short_one)) return "must hold keys of 16 bytes or more: `openssl rand -hex 32` prints one";
    return std::nullopt;
}

namespace {

/// Every name once; a second bearer is named with its place.
template <class T, class Name>
void unique(const std::vector<T>& elements, Name T::* name, const std::string& key, std::string_view what, Reader& reader) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        const auto& value = elements[i].*name;
        if (value.empty() || seen.insert(value).second) continue;
        const auto element = key + "[" + std::to_string(i) + "]";
        const auto at = reader.origin_of(element + "." + std::string(what));
        const auto mend = ": each " + std::string(what) + " must be unique";
        if (at.file.empty())
            reader.problem(reader.origin_of(element),
                           "is called `" + value + "` like another, for want of a name of its own" + mend);
        else
            reader.problem(at, "is a second `" + value + "` in " + key + mend);
    }
}

void check_server(const Settings& settings, Reader& reader) {
    const auto& server = settings.server;
    bool certificate = !server.tls_certificate.empty();
    bool key = !server.tls_private_key.empty();
    if (certificate && !key)
        reader.problem(reader.origin_of("server.tls_certificate"), "needs server.tls_private_key beside it");
    if (key && !certificate)
        reader.problem(reader.origin_of("server.tls_private_key"), "needs server.tls_certificate beside it");
    if (!server.tls_client_ca.empty() && !certificate && !key)
        reader.problem(reader.origin_of("server.tls_client_ca"),
                       "needs server.tls_certificate and server.tls_private_key beside it");
    auto listen = parse_listen(server.listen);
    if (settings.auth.keys.empty() && listen && !listen->loopback)
        reader.problem(reader.origin_of("server.listen"),
                       "is not loopback and there are no API keys, so anybody could charge cards: add auth.keys or "
                       "listen on 127.0.0.1");
}

void check_gateway(const Settings& settings, Reader& reader) {
    const auto& gateway = settings.gateway;
    if (gateway.kind == "http" && gateway.url.empty())
        reader.problem(reader.origin_of("gateway.kind"), "is \"http\", which needs gateway.url");
    if (gateway.kind == "stripe" && gateway.api_key.empty())
        reader.problem(reader.origin_of("gateway.kind"), "is \"stripe\", which needs gateway.api_key");
    const bool in_the_clear = !gateway.url.empty() && http_url_problem(gateway.url, UrlUse::target).has_value();
    if (gateway.kind == "stripe" && in_the_clear)
        reader.problem(reader.origin_of("gateway.url"),
                       "must be https for \"stripe\", since its host is not loopback and the API key goes there");
    if (gateway.kind == "sandbox" && !gateway.url.empty())
        reader.problem(reader.origin_of("gateway.url"),
                       "is set, but gateway.kind is \"sandbox\", which is inside this process: set gateway.kind to \"http\"");
}

/// Without a page to come back to, Stripe authenticates in ways that only a browser of its own can follow.
void check_challenges(const Settings& settings, Reader& reader) {
    if (settings.gateway.kind != "stripe" || !settings.gateway.return_url.empty()) return;
    for (std::size_t i = 0; i < settings.fraud.rules.size(); ++i) {
        const FraudRule& rule = settings.fraud.rules[i];
        if (!rule.enabled || rule.shadow || rule.action != "challenge") continue;
        reader.problem(reader.origin_of("fraud.rules[" + std::to_string(i) + "]"),
                       "asks for the customer's authentication, for which \"stripe\" needs gateway.return_url");
    }
}

}  // namespace

void check_together(const Settings& settings, Reader& reader) {
    check_server(settings, reader);
    check_gateway(settings, reader);
    unique(settings.auth.keys, &AuthKey::id, "auth.keys", "id", reader);
    unique(settings.webhook.sources, &WebhookSource::name, "webhook.sources", "name", reader);
    unique(settings.fraud.rules, &FraudRule::name, "fraud.rules", "name", reader);
    check_challenges(settings, reader);
    if (settings.retry.base_delay > settings.retry.max_delay)
        reader.problem(reader.origin_of("retry.base_delay"), "must not be longer than retry.max_delay");
    if (!settings.notify.url.empty() && settings.notify.secret.empty())
        reader.problem(reader.origin_of("notify.url"), "needs notify.secret beside it, to sign what is sent");
    auto store = parse_store_url(settings.store.url);
    if (settings.store.wait_replicas > 0 && store && store->kind == StoreUrl::Kind::sqlite)
        reader.problem(reader.origin_of("store.wait_replicas"), "is for Redis, but store.url is SQLite: set it to 0");
}

}  // namespace tollgate::config
