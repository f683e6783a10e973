// How a charge is kept between steps. Short names, and only what the row's columns do not say: it is written once a step.
#include "core/json_writer.hpp"
#include "payments/charge.hpp"

namespace tollgate {
namespace {

std::int64_t count(WallTime time) {
    return time.time_since_epoch().count();
}

void write_request(JsonWriter& out, const ChargeRequest& request) {
    out.begin_object().member("pm", request.payment_method);
    const Customer& customer = request.customer;
    out.name("cus").begin_array().value(customer.id).value(customer.email).value(customer.country).end_array();
    out.name("items").begin_array();
    for (const Item& item : request.items) out.begin_array().value(item.sku).value(item.quantity).end_array();
    out.end_array();
    if (request.manual_capture) out.member("manual", true);
    if (!request.metadata.empty()) {
        out.name("meta").begin_array();
        for (const auto& [key, value] : request.metadata) out.begin_array().value(key).value(value).end_array();
        out.end_array();
    }
    out.end_object();
}

void write_authorization(JsonWriter& out, const Authorization& authorization) {
    out.begin_object().member_if_any("id", authorization.id).member_if_any("avs", authorization.avs_result);
    out.member_if_any("cvv", authorization.cvv_result).member_if_any("country", authorization.card_country);
    out.member("until", count(authorization.expires_at.value_or(WallTime{}))).end_object();
}

void write_failure(JsonWriter& out, const Failure& failure) {
    out.begin_object().member("step", static_cast<int>(failure.step)).member("code", info(failure.error.code).name);
    out.member("why", failure.error.detail).member("retriable", failure.error.retriable);
    if (failure.error.retry_after) out.member("after", failure.error.retry_after->count());
    if (failure.timed_out) out.member("timed_out", true);
    if (failure.voided) out.member("voided", true);
    out.end_object();
}

void write_returns(JsonWriter& out, const Charge& charge) {
    if (!charge.refunds.empty()) {
        out.name("refunds").begin_array();
        for (const Refund& refund : charge.refunds) {
            out.begin_array().value(refund.id).value(refund.amount);
            if (!refund.operation.empty()) out.value(refund.operation).value(refund.reason);
            out.end_array();
        }
        out.end_array();
    }
    for (const auto& [name, ids] : {std::pair("refused", &charge.refused), std::pair("disputes", &charge.disputes)}) {
        if (ids->empty()) continue;
        out.name(name).begin_array();
        for (const std::string& id : *ids) out.value(id);
        out.end_array();
    }
}

void write_operations(JsonWriter& out, const Charge& charge) {
    out.member_if_any("by", charge.concluded_by);
    if (charge.operations.empty()) return;
    out.name("ops").begin_array();
    for (const OpenOperation& one : charge.operations) {
        out.begin_array().value(one.id).value(static_cast<int>(one.kind)).value(one.fingerprint).value(one.request_id);
        out.end_array();
    }
    out.end_array();
}

/// Short, because it is written with each step: times count from the creation, and what is as usual is left out.
void write_history(JsonWriter& out, const Charge& charge) {
    if (charge.history.empty()) return;
    out.name("past").begin_array();
    for (const Moment& one : charge.history) {
        const bool repeated = one.times > 1;
        const bool unusual = repeated || one.who != Moment().who;
        out.begin_array().value((one.at - charge.created_at).count()).value(one.what);
        if (unusual || !one.outcome.empty()) out.value(one.outcome);
        if (unusual) out.value(one.who);
        if (repeated) out.value(one.times).value((one.until - charge.created_at).count());
        out.end_array();
    }
    out.end_array();
}

void write_risk(JsonWriter& out, const Charge& charge) {
    if (!charge.counts.empty()) {
        out.name("counts").begin_array();
        for (const fraud::Count& one : charge.counts) out.begin_array().value(one.rule).value(one.count).end_array();
        out.end_array();
    }
    if (!charge.risk.rules.empty()) {
        out.name("risk").begin_array().value(static_cast<int>(charge.risk.decision)).value(charge.risk.score);
        for (const fraud::RuleVerdict& rule : charge.risk.rules) {
            out.begin_array().value(rule.name).value(rule.kind).value(static_cast<int>(rule.verdict)).value(rule.score);
            out.value(rule.shadow).value(rule.detail).end_array();
        }
        out.end_array();
    }
    if (charge.step_up != StepUp::none) out.member("up", static_cast<int>(charge.step_up));
    out.member_if_any("before", charge.superseded_id);
    if (charge.void_round > 0) out.member("void_round", charge.void_round);
    if (charge.failure_counted) out.member("counted", true);
}

}  // namespace

std::string to_state(const Charge& charge) {
    JsonWriter out;
    out.begin_object().name("req");
    write_request(out, charge.request);
    write_risk(out, charge);
    out.member_if_any("rid", charge.request_id).member_if_any("trace", charge.traceparent);
    out.member_if_any("gw", charge.gateway_name).member_if_any("res", charge.reservation_id);
    if (charge.authorization) write_authorization(out.name("auth"), *charge.authorization);
    out.member_if_any("cap", charge.capture_id).member_if_any("ship", charge.shipment_id);
    const bool in_part = !charge.capture_id.empty() && charge.captured != charge.request.amount.minor;
    if (in_part) out.member("got", charge.captured);
    if (charge.to_capture > 0) out.member("want", charge.to_capture);
    out.member_if_any("redirect", charge.redirect_url).member_if_any("waiting", charge.waiting_id);
    if (charge.actions > 0) out.member("actions", charge.actions);
    write_returns(out, charge);
    write_operations(out, charge);
    write_history(out, charge);
    out.member_if_any("told", charge.told);
    if (charge.failure) write_failure(out.name("fail"), *charge.failure);
    if (charge.shipment_canceled) out.member("unship", true);
    out.member_if_any("refund", charge.refund_id).member_if_any("void", charge.void_id);
    if (charge.released) out.member("released", true);
    if (charge.attention) out.member("attention", true);
    if (charge.parked) out.member("parked", true);
    if (charge.warned) out.member("warned", true);
    if (const auto& intent = charge.intent) {
        out.name("intent").begin_array().value(static_cast<int>(intent->step)).value(intent->sent);
        out.value(count(intent->since)).value(intent->tries).value(intent->round).value(intent->paged);
        out.value(count(intent->seen)).value(count(intent->last)).value(intent->spent).value(intent->mismatch_paged);
        out.end_array();
    }
    return out.end_object().take();
}

}  // namespace tollgate
