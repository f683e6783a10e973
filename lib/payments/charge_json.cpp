// What clients read of a charge.
#include <boost/json.hpp>

#include "payments/charge.hpp"
#include "payments/keys.hpp"
#include "payments/problem.hpp"

namespace tollgate {

namespace json = boost::json;

std::string to_json(const Charge& charge) {
    const ChargeStatus status = status_of(charge);
    const std::int64_t amount = charge.request.amount.minor;
    json::object body;
    body["id"] = charge.id;
    body["object"] = "charge";
    body["status"] = name(status);
    body["order_id"] = charge.request.order_id;
    body["amount"] = amount;
    body["amount_refunded"] = charge.refund_id.empty() ? 0 : amount;
    body["currency"] = charge.request.amount.currency.code();
    json::object& gateway = body["gateway"].emplace_object();
    gateway["name"] = charge.gateway_name;
    if (charge.authorization) gateway["authorization_id"] = charge.authorization->id;
    if (!charge.capture_id.empty()) gateway["capture_id"] = charge.capture_id;
    if (!charge.reservation_id.empty()) body["reservation_id"] = charge.reservation_id;
    if (!charge.shipment_id.empty()) body["shipment_id"] = charge.shipment_id;
    if (status == ChargeStatus::requires_action) {
        body["next_action"] = {{"type", "redirect"}, {"redirect_url", charge.redirect_url}};
    }
    if (status == ChargeStatus::authorized) body["capture_before"] = to_rfc3339(*charge.authorization->expires_at);
    body["risk"] = {{"decision", "approve"}, {"score", 0}, {"rules", json::array()}};
    body["saga"] = {{"id", saga_id(charge.id)}, {"state", saga_state(charge)}};
    if (charge.failure) {
        const PaymentError error = client_error(charge);
        body["failure"] = {{"code", info(public_code(error.code)).name}, {"detail", error.detail}};
    }
    if (!charge.request.metadata.empty()) {
        json::object& metadata = body["metadata"].emplace_object();
        for (const auto& [key, value] : charge.request.metadata) metadata[key] = value;
    }
    body["created_at"] = to_rfc3339(charge.created_at);
    return json::serialize(body);
}

}  // namespace tollgate
