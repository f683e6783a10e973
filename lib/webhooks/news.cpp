#include "webhooks/news.hpp"

#include <array>
#include <utility>

#include "json/strict_json.hpp"
#include "redaction/card_number.hpp"
#include "webhooks/families.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;
using Kind = GatewayNews::Kind;

constexpr std::array kinds{Kind::authorized, Kind::captured,         Kind::voided, Kind::refunded,
                           Kind::disputed,   Kind::action_completed, Kind::failed};

std::optional<Kind> payment_kind(std::string_view type) noexcept {
    constexpr std::string_view family = "payment.";
    if (!type.starts_with(family)) return std::nullopt;
    for (const Kind kind : kinds) {
        if (type.substr(family.size()) == name(kind)) return kind;
    }
    return std::nullopt;
}

GatewayNews payment_news(Kind kind, Fields& data) {
    return {.kind = kind,
            .reference = data.text("reference"),
            .authorization_id = data.text("authorization_id"),
            .capture_id = data.text("capture_id"),
            .refund_id = data.text("refund_id"),
            .dispute_id = data.text("dispute_id"),
            .amount = data.money("amount", "currency"),
            .why = decline_from(data.text("error"))};
}

Result<std::optional<GatewayNews>> unreadable(std::string why) {
    return fail(Code::unreadable_answer, "the event cannot be read: " + why);
}

/// Whether it is what is left of an id that held a card number: the archive has masked it, so it names nothing any more.
bool is_masked(std::string_view id) noexcept {
    return id.find("************") != id.npos || holds_card_number(id);
}

/// News that were read, if nothing was wrong and they name a charge.
Result<std::optional<GatewayNews>> finish(std::optional<GatewayNews> news, const Fields& fields) {
    if (!news) return news;
    if (!fields.wrong().empty()) return unreadable(fields.wrong());
    if (news->reference.empty() && news->authorization_id.empty() && news->capture_id.empty()) {
        return unreadable("it names no charge");
    }
    for (const std::string* id :
         {&news->reference, &news->authorization_id, &news->capture_id, &news->refund_id, &news->dispute_id}) {
        if (is_masked(*id)) return unreadable("one of its ids holds a card number");
    }
    return news;
}

}  // namespace

Code decline_from(std::string_view word) noexcept {
    if (word == "insufficient_funds" || word == "Not enough balance") return Code::insufficient_funds;
    if (word == "expired_card" || word == "Expired Card") return Code::expired_card;
    return Code::card_declined;
}

Result<std::optional<GatewayNews>> news_of(std::string_view body) {
    const auto parsed = parse_strict_json(body);
    if (!parsed || !parsed->is_object()) return unreadable("it is no JSON object");
    const json::object& event = parsed->get_object();
    if (event.contains("eventCode") && !event.contains("type")) {
        Fields item(event);
        auto news = adyen_news(item);
        return finish(std::move(news), item);
    }
    const json::value* const named = event.if_contains("type");
    const json::string* const text = named == nullptr ? nullptr : named->if_string();
    const std::string_view type = text == nullptr ? std::string_view() : std::string_view(*text);
    const auto kind = payment_kind(type);
    if (!kind && !is_stripe_type(type)) return std::nullopt;

    Fields outer(event);
    const json::object* object = outer.object("data");
    if (object == nullptr) return unreadable("it has no data");
    Fields data(*object);
    const auto at = outer.time("created");
    if (kind) {
        GatewayNews news = payment_news(*kind, data);
        news.at = at;
        return finish(std::move(news), data);
    }
    object = data.object("object");
    if (object == nullptr) return unreadable("it has no data.object");
    Fields inner(*object);
    auto news = stripe_news(type, inner);
    if (news) news->at = at;
    return finish(std::move(news), inner);
}

}  // namespace tollgate::webhooks
