// A webhook from its bytes to what it tells. The first byte chooses the scheme; the lines behind it are the header values, the
// rest is the body. Nobody can guess a signature, so that "@" stands for the right one.
#include <openssl/hmac.h>

#include <boost/json.hpp>
#include <regex>

#include "fuzz/support/fuzz.hpp"
#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"
#include "signing/hmac.hpp"
#include "webhooks/masked.hpp"
#include "webhooks/message.hpp"
#include "webhooks/news.hpp"
#include "webhooks/source.hpp"

namespace tollgate::fuzz {
namespace {

using namespace webhooks;

constexpr WallTime now{Milliseconds(1'795'341'600'000)};  // 2026-11-22T10:00:00Z
constexpr std::int64_t now_seconds = 1'795'341'600;
const std::vector<std::string> keys{"an old secret", "a new secret"};

Source source_of(Scheme scheme) {
    return {.name = "fuzz", .scheme = scheme, .keys = keys};
}

/// OpenSSL's own way to an HMAC in one call.
std::string hmac(const std::string& key, const std::string& text) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), mac, &length);
    return {reinterpret_cast<const char*>(mac), length};
}

std::string hex_of(const std::string& bytes) {
    Mac mac{};
    std::copy_n(bytes.begin(), mac.size(), mac.begin());
    return hex(mac);
}

std::string signed_in(std::string_view text, const std::string& signature) {
    std::string whole;
    for (const char c : text) {
        if (c == '@')
            whole += signature;
        else
            whole += c;
    }
    return whole;
}

/// Whether some word of the text could be a member that is masked for its name.
bool names_code(const std::string& text) {
    static const std::regex name(R"(c[\W_]*[vsiac][\W_]*[vcdn]|card|code|verif|valid|\\)", std::regex::icase);
    return std::regex_search(text, name);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

/// The code of a refusal; nothing when it was verified.
std::optional<Code> judged(const Source& source, const std::vector<std::pair<std::string_view, std::string>>& lines,
                           std::string_view body) {
    const auto header = [&lines](std::string_view name) -> std::optional<std::string_view> {
        for (const auto& [known, value] : lines) {
            if (known == name) return value;
        }
        return std::nullopt;
    };
    const auto verified = verify(source, header, body, now);
    if (verified) return std::nullopt;
    const Code code = verified.error().code;
    expect(code == Code::webhook_signature_invalid || code == Code::webhook_timestamp_invalid, "a refusal is one of the two");
    expect(!holds_card_number(verified.error().detail), "a refusal quotes nothing");
    return code;
}

bool is_near(const std::string& seconds) {
    static const std::regex digits("[0-9]{1,12}");
    return std::regex_match(seconds, digits) && std::abs(std::stoll(seconds) - now_seconds) <= 300;
}

void stripe(std::string_view input) {
    const std::string line(take_line(input));
    const std::string body(input);
    static const std::regex first_time("(?:^|,) *t=([^,]*)");
    std::smatch found;
    const std::string time = std::regex_search(line, found, first_time) ? found[1].str() : "";
    const std::string header = signed_in(line, hex_of(hmac(keys[1], time + "." + body)));

    std::vector<std::string> times, signatures;
    for (std::string element : split(header, ',')) {
        element.erase(0, element.find_first_not_of(' '));
        if (element.starts_with("t=")) times.push_back(element.substr(2));
        if (element.starts_with("v1=")) signatures.push_back(element.substr(3));
    }
    bool good = false;
    for (const std::string& key : keys) {
        const std::string right = times.empty() ? "" : hex_of(hmac(key, times[0] + "." + body));
        for (std::string signature : signatures) {
            std::ranges::transform(signature, signature.begin(), [](unsigned char c) { return std::tolower(c); });
            good |= signature == right;
        }
    }
    good = good && times.size() == 1 && is_near(times[0]);
    expect(!judged(source_of(Scheme::stripe), {{"Stripe-Signature", header}}, body) == good, "Stripe's rule decides");
}

void standard(std::string_view input) {
    const std::string id(take_line(input));
    const std::string time(take_line(input));
    const std::string line(take_line(input));
    const std::string body(input);
    const auto right = [&](const std::string& key) { return base64(hmac(key, id + "." + time + "." + body)); };
    const std::string header = signed_in(line, right(keys[0]));

    bool good = false;
    for (const std::string& key : keys) {
        for (const std::string& entry : split(header, ' '))
            good |= entry == "v1," + right(key) || entry + "=" == "v1," + right(key);
    }
    good = good && !id.empty() && id.size() <= 255 && id.find('\r') == id.npos && is_near(time);
    const std::vector<std::pair<std::string_view, std::string>> lines{
        {"webhook-id", id}, {"webhook-timestamp", time}, {"webhook-signature", header}};
    expect(!judged(source_of(Scheme::standard), lines, body) == good, "the rule of Standard Webhooks decides");
}

/// A field as it would be printed, naively.
std::string printed(const boost::json::value* value) {
    if (value == nullptr || value->is_null()) return {};
    return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

std::string signed_text(const boost::json::value& item) {
    boost::system::error_code error;
    std::string text;
    for (const char* place : {"/pspReference", "/originalReference", "/merchantAccountCode", "/merchantReference",
                              "/amount/value", "/amount/currency", "/eventCode", "/success"}) {
        text += printed(item.find_pointer(place, error)) + ":";
    }
    text.pop_back();
    return text;
}

std::string adyen(std::string_view input) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(input, error);
    const boost::json::value* first =
        error ? nullptr : parsed.find_pointer("/notificationItems/0/NotificationRequestItem", error);
    const std::string right = first == nullptr ? "" : base64(hmac(keys[1], signed_text(*first)));
    std::string body = signed_in(input, right);
    if (judged(source_of(Scheme::adyen), {}, body)) return body;

    const auto believed = boost::json::parse(body);
    const auto& items = believed.at("notificationItems").as_array();
    expect(!items.empty() && items.size() <= 100, "there are 1 to 100 items");
    for (const auto& wrapped : items) {
        const auto& item = wrapped.at("NotificationRequestItem");
        std::string signature(item.at_pointer("/additionalData/hmacSignature").as_string());
        if (!signature.ends_with('=')) signature += '=';
        const std::string text = signed_text(item);
        expect(signature == base64(hmac(keys[0], text)) || signature == base64(hmac(keys[1], text)), "every item is signed");
    }
    return body;
}

void check_news(const std::string& body) {
    const auto news = news_of(body);
    const auto again = news_of(body);
    expect(news.has_value() == again.has_value(), "what is told does not change");
    if (!news) {
        expect(news.error().code == Code::unreadable_answer && news.error().detail == again.error().detail,
               "a refusal says why");
        return expect(!holds_card_number(news.error().detail), "a refusal quotes nothing");
    }
    expect(*news == *again, "what is told does not change");
    if (!*news) return;
    const GatewayNews& told = **news;
    expect(!told.reference.empty() || !told.authorization_id.empty() || !told.capture_id.empty(), "news name a charge");
    if (told.amount) expect(told.amount->minor >= 0 && told.amount->minor <= Money::minor_max, "an amount is one");
}

void read_body(Scheme scheme, const std::string& body) {
    const Source source = source_of(scheme);
    const auto events = read(source, body, now);
    if (!events) {
        const Code code = events.error().code;
        return expect(code == Code::invalid_json || (scheme == Scheme::adyen && code == Code::webhook_signature_invalid),
                      "a body that is no event is refused as one");
    }
    expect(*events == *read(source, body, now), "a body is read the same again");
    for (const Event& event : *events) {
        expect(event.id.size() == 35 && event.id.starts_with("wh_"), "an event has an id of ours");
        expect(!event.name.empty() && event.name.size() <= 600, "the sender's id is bounded");
        expect(!holds_card_number(event.name) && !holds_card_number(event.type), "no card number is in a name");
        expect(!holds_card_number(event.body), "no card number is archived");
        if (scheme != Scheme::adyen && !holds_card_data(body) && !names_code(body))
            expect(event.body == body, "what came is archived as it came");
        check_news(event.body);
    }
}

}  // namespace

void judge(std::string_view input) {
    if (input.empty()) return;
    const std::string_view rest = input.substr(1);
    switch (input.front()) {
        case 's':
            return stripe(rest);
        case 'w':
            return standard(rest);
        case 'a':
            return read_body(Scheme::adyen, adyen(rest));
        case 'm':
            return expect(!holds_card_number(redact(rest)), "a masked text holds no card number");
        default:
            check_news(std::string(rest));
            return read_body(Scheme::stripe, std::string(rest));
    }
}

}  // namespace tollgate::fuzz
