// What clients read of a charge.
#include "core/json_writer.hpp"
#include "payments/charge.hpp"
#include "payments/keys.hpp"
#include "payments/problem.hpp"

namespace tollgate {

namespace {

void write_metadata(JsonWriter& out, const ChargeRequest& request) {
    if (request.metadata.empty()) return;
    out.name("metadata").begin_object();
    for (const auto& [key, value] : request.metadata) out.member(key, value);
    out.end_object();
}

void write_risk(JsonWriter& out, const fraud::Risk& risk) {
    out.name("risk").begin_object().member("decision", name(risk.decision)).member("score", risk.score);
    out.name("rules").begin_array();
    for (const fraud::RuleVerdict& rule : risk.rules) {
        out.begin_object().member("name", rule.name).member("kind", rule.kind).member("verdict", name(rule.verdict));
        out.member("score", rule.score).member("shadow", rule.shadow).member("detail", rule.detail).end_object();
    }
    out.end_array().end_object();
}

}  // namespace

std::string to_json(const Charge& charge) {
    const ChargeStatus status = status_of(charge);
    const std::int64_t amount = charge.request.amount.minor;
    JsonWriter out(1024);
    out.begin_object().member("id", charge.id).member("object", "charge").member("status", name(status));
    out.member("order_id", charge.request.order_id).member("amount", amount);
    if (charge.request.manual_capture) out.member("amount_captured", charge.captured);
    out.member("amount_refunded", charge.captured - unrefunded(charge));
    out.member("currency", charge.request.amount.currency.code());
    out.name("gateway").begin_object().member("name", charge.gateway_name);
    if (charge.authorization) out.member("authorization_id", charge.authorization->id);
    out.member_if_any("capture_id", charge.capture_id).end_object();
    out.member_if_any("reservation_id", charge.reservation_id).member_if_any("shipment_id", charge.shipment_id);
    if (status == ChargeStatus::requires_action) {
        out.name("next_action").begin_object().member("type", "redirect").member("redirect_url", charge.redirect_url);
        out.end_object();
    }
    if (status == ChargeStatus::authorized) out.member("capture_before", to_rfc3339(*charge.authorization->expires_at));
    write_risk(out, charge.risk);
    out.name("saga").begin_object().member("id", saga_id(charge.id)).member("state", saga_state(charge)).end_object();
    if (charge.failure) {
        const PaymentError error = client_error(charge);
        out.name("failure").begin_object().member("code", info(public_code(error.code)).name).member("detail", error.detail);
        out.end_object();
    }
    if (!charge.disputes.empty()) out.member("disputed", true);
    write_metadata(out, charge.request);
    return out.member("created_at", to_rfc3339(charge.created_at)).end_object().take();
}

}  // namespace tollgate
