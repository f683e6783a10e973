#include <boost/json.hpp>

#include "webhooks/families.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;
using Kind = GatewayNews::Kind;

/// docs.adyen.com/development-resources/currency-codes: those that differ from the standard.
int adyen_decimals(Currency currency) {
    const std::string_view code = currency.code();
    if (code == "CLP" || code == "ISK") return 2;
    return code == "CVE" || code == "IDR" ? 0 : currency.exponent();
}

std::optional<Kind> kind_of(std::string_view code, bool success) noexcept {
    if (code == "AUTHORISATION") return success ? Kind::authorized : Kind::failed;
    if (!success) return std::nullopt;
    if (code == "CAPTURE") return Kind::captured;
    if (code == "CANCELLATION") return Kind::voided;
    if (code == "REFUND") return Kind::refunded;
    if (code == "CHARGEBACK" || code == "NOTIFICATION_OF_CHARGEBACK") return Kind::disputed;
    return std::nullopt;
}

bool is_success(const json::object& item) noexcept {
    const json::value* const success = item.if_contains("success");
    if (success == nullptr) return false;
    return success->is_bool() ? success->get_bool() : success->is_string() && success->get_string() == "true";
}

std::optional<Money> amount_of(Fields& item) {
    const json::object* const amount = item.object("amount");
    if (amount == nullptr) return std::nullopt;
    Fields inner(*amount);
    const auto money = inner.money("value", "currency", adyen_decimals);
    item.also(inner);
    return money;
}

}  // namespace

std::optional<GatewayNews> adyen_news(Fields& item) {
    const auto kind = kind_of(item.text("eventCode"), is_success(item.whole()));
    if (!kind) return std::nullopt;
    const bool first = *kind == Kind::authorized || *kind == Kind::failed;
    std::string own = item.text("pspReference");
    GatewayNews news{.kind = *kind,
                     .reference = item.text("merchantReference"),
                     .authorization_id = first ? own : item.text("originalReference"),
                     .amount = amount_of(item)};
    if (*kind == Kind::failed) news.why = decline_from(item.text("reason"));
    if (*kind == Kind::captured) news.capture_id = std::move(own);
    if (*kind == Kind::refunded) news.refund_id = std::move(own);
    if (*kind == Kind::disputed) news.dispute_id = std::move(own);
    return news;
}

}  // namespace tollgate::webhooks
