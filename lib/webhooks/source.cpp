#include "webhooks/source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "signing/hmac.hpp"
#include "signing/signatures.hpp"
#include "webhooks/adyen.hpp"

namespace tollgate::webhooks {
namespace {

constexpr std::size_t id_max = 255;
constexpr std::size_t digits_max = 12;  // of a time in seconds: enough for the next 30,000 years

std::unexpected<PaymentError> not_signed(std::string why) {
    return fail(Code::webhook_signature_invalid, std::move(why));
}

Result<std::chrono::sys_seconds> read_time(std::string_view text) {
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (text.empty() || text.size() > digits_max || !digits) {
        return fail(Code::webhook_timestamp_invalid, "the signature's time must be in seconds since 1970, in digits");
    }
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

/// The second of the signature counts as a whole.
Result<void> recent(std::chrono::sys_seconds time, WallTime now, Milliseconds tolerance) {
    if (std::chrono::abs(std::chrono::floor<std::chrono::seconds>(now) - time) <= tolerance) return {};
    return fail(Code::webhook_timestamp_invalid, "the signature is too old, or ahead of the time here");
}

/// What stands before the next `separator`; `rest` becomes what stands behind it.
std::string_view next_part(std::string_view& rest, char separator) noexcept {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    return part;
}

/// What is to be signed, under each of the source's keys.
std::vector<Mac> macs_of(const Source& source, std::initializer_list<std::string_view> text) {
    std::vector<Mac> macs;
    for (const std::string& key : source.keys) macs.push_back(hmac_sha256(key, text));
    return macs;
}

/// Every pair is compared, so that the time taken does not tell which of them matched.
bool matches(const std::vector<Mac>& macs, const std::optional<std::string>& signature) {
    bool found = false;
    for (const Mac& mac : macs) found |= signature && same(mac, *signature);
    return found;
}

struct StripeHeader {
    std::size_t times = 0;
    std::string_view time;                     // the last of them
    std::vector<std::string_view> signatures;  // of scheme v1
};

/// A space behind a comma is passed over: those who fold headers put one there.
StripeHeader read_stripe(std::string_view value) {
    StripeHeader header;
    while (!value.empty()) {
        std::string_view element = next_part(value, ',');
        while (element.starts_with(' ')) element.remove_prefix(1);
        if (element.starts_with("t=")) {
            ++header.times;
            header.time = element.substr(2);
        } else if (element.starts_with("v1=")) {
            header.signatures.push_back(element.substr(3));
        }
    }
    return header;
}

Result<void> verify_stripe(const Source& source, const HeaderOf& header, std::string_view body, WallTime now) {
    const auto value = header(source.signature_header.empty() ? "Stripe-Signature" : std::string_view(source.signature_header));
    if (!value) return not_signed("the signature's header is missing, or stands on several lines");
    const StripeHeader signature = read_stripe(*value);
    if (signature.times != 1) return not_signed("the signature must hold exactly one time");
    const auto time = read_time(signature.time);
    if (!time) return fail(time.error());
    const auto macs = macs_of(source, {signature.time, ".", body});
    bool found = false;
    for (const std::string_view hexadecimal : signature.signatures) found |= matches(macs, from_hex(hexadecimal));
    if (!found) return not_signed("no signature matches this body");
    return recent(*time, now, source.tolerance);
}

bool is_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= id_max && text.find_first_of("\r\n") == text.npos;
}

Result<void> verify_standard(const Source& source, const HeaderOf& header, std::string_view body, WallTime now) {
    const auto id = header("webhook-id");
    const auto timestamp = header("webhook-timestamp");
    auto list = header(source.signature_header.empty() ? "webhook-signature" : std::string_view(source.signature_header));
    if (!id || !timestamp || !list || !is_id(*id)) {
        return not_signed("webhook-id, webhook-timestamp and webhook-signature must each stand on exactly one line");
    }
    const auto time = read_time(*timestamp);
    if (!time) return fail(time.error());
    const auto macs = macs_of(source, {*id, ".", *timestamp, ".", body});
    bool found = false;
    while (!list->empty()) {
        std::string_view signature = next_part(*list, ' ');
        if (next_part(signature, ',') == "v1") found |= matches(macs, from_base64(signature));
    }
    if (!found) return not_signed("no signature matches this body");
    return recent(*time, now, source.tolerance);
}

Result<void> verify_adyen(const Source& source, std::string_view body) {
    const auto items = adyen_items(body);
    if (!items) return fail(items.error());
    for (const AdyenItem& item : *items) {
        if (!matches(macs_of(source, {item.signed_text}), from_base64(item.signature))) {
            return not_signed("the signature of an item does not match it");
        }
    }
    return {};
}

}  // namespace

std::optional<Scheme> scheme_from(std::string_view name) noexcept {
    if (name == "stripe") return Scheme::stripe;
    if (name == "standard") return Scheme::standard;
    if (name == "adyen") return Scheme::adyen;
    return std::nullopt;
}

std::optional<std::string> key_of(Scheme scheme, std::string_view secret) {
    if (secret.empty()) return std::nullopt;
    if (scheme == Scheme::standard) return standard_key(secret);
    return scheme == Scheme::adyen ? from_hex(secret) : std::string(secret);
}

Result<void> verify(const Source& source, const HeaderOf& header, std::string_view body, WallTime now) {
    switch (source.scheme) {
        case Scheme::stripe:
            return verify_stripe(source, header, body, now);
        case Scheme::standard:
            return verify_standard(source, header, body, now);
        case Scheme::adyen:
            return verify_adyen(source, body);
    }
    std::unreachable();
}

}  // namespace tollgate::webhooks
