// Headers whose value is a small grammar: the first byte chooses which, the rest is the value.
#include <regex>

#include "core/time.hpp"
#include "fuzz/support/fuzz.hpp"
#include "gateway/retry_after.hpp"
#include "gateway/rfc3339.hpp"
#include "payments/request.hpp"
#include "redaction/card_number.hpp"
#include "service/auth.hpp"
#include "service/http/identity.hpp"
#include "service/key_hash.hpp"

namespace tollgate::fuzz {
namespace {

constexpr WallTime now{Milliseconds(1'795'341'600'000)};  // 2026-11-22T10:00:00Z

bool matches(std::string_view text, const std::regex& pattern) {
    return std::regex_match(text.begin(), text.end(), pattern);
}

void idempotency_key(std::string_view value) {
    const auto key = parse_idempotency_key(value);
    if (!key) {
        const Code code = key.error().code;
        return expect(code == Code::idempotency_key_invalid || code == Code::pan_not_accepted, "a key is refused as one");
    }
    expect(!key->empty() && key->size() <= text_max && !holds_card_number(*key), "a key is fit to be kept");
    std::string quoted = "\"";
    for (const char c : *key) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    const auto again = parse_idempotency_key(quoted + "\"");
    expect(again.has_value() && *again == *key, "the quoted form names the same key");
    if (value.front() != '"') expect(*key == value, "a bare key is itself");
}

void authorization(std::string_view value) {
    constexpr std::string_view secret = "0123456789abcdef";
    static const std::string hash = *hash_api_key(secret);
    static const Authenticator shop({AuthKey{"shop", hash, {"charge"}}});
    static const std::regex bearer("bearer +0123456789abcdef", std::regex::icase);
    const bool named = matches(value, bearer) && value.ends_with(secret);
    const auto tenant = shop.check(value, http::Scope::charge);
    expect(tenant.has_value() == named, "the key's own bearer is let in, and nobody else");
    expect(!tenant || *tenant == "shop", "a key is its tenant's");
    const auto other = shop.check(value, http::Scope::admin);
    expect(!other && other.error().code == (named ? Code::forbidden : Code::unauthenticated), "a key opens what it is for");
}

void traceparent(std::string_view value) {
    static const std::regex form("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]*)?");
    const bool longer = value.size() > 55;
    const bool valid = value.size() <= 256 && matches(value, form) && !(longer && value.starts_with("00"));
    expect(http::is_valid_traceparent(value) == valid, "a traceparent is what W3C says it is");
}

void request_id(std::string_view value) {
    static const std::regex form("[!-~]{1,128}");
    const bool fit = value.size() <= 128 && matches(value, form) && !holds_card_number(value);
    expect(http::is_fit_request_id(value) == fit, "a request id is 1 to 128 visible characters without a card number");
}

void retry_after(std::string_view value) {
    static const std::regex seconds("[ \t]*([0-9]{1,5})[ \t]*");
    const auto wait = parse_retry_after(value, now);
    if (wait) expect(*wait >= Milliseconds(0) && *wait <= std::chrono::hours(24), "a wait is bounded");
    std::match_results<std::string_view::const_iterator> found;
    if (!std::regex_match(value.begin(), value.end(), found, seconds)) return;
    const auto told = std::min<Milliseconds>(std::chrono::seconds(std::stol(found[1].str())), std::chrono::hours(24));
    expect(wait == told, "seconds are taken as they are told");
}

void time_of_day(std::string_view value) {
    const auto time = parse_rfc3339(value);
    if (!time) return;
    const std::string written = to_rfc3339(*time);
    if (written.size() != 24) return;  // an offset that leads out of the years 0 to 9999
    expect(parse_rfc3339(written) == time, "a time that is written is read back");
}

}  // namespace

void judge(std::string_view input) {
    if (input.empty()) return;
    const std::string_view value = input.substr(1);
    switch (input.front()) {
        case 'i':
            return idempotency_key(value);
        case 'a':
            return authorization(value);
        case 't':
            return traceparent(value);
        case 'x':
            return request_id(value);
        case 'r':
            return retry_after(value);
        case 'd':
            return time_of_day(value);
        default:
            return;
    }
}

}  // namespace tollgate::fuzz
