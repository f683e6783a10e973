// What charge_state.cpp has written. A field added later is read with a default, so that charges in flight survive an upgrade.
#include <boost/json.hpp>

#include "payments/charge.hpp"

namespace tollgate {
namespace {

namespace json = boost::json;

// Reading throws on a member of another type or a missing one: `from_state` turns that into one error.

std::string text(const json::object& in, json::string_view name) {
    const json::value* value = in.if_contains(name);
    return value == nullptr ? std::string() : std::string(value->as_string());
}

std::int64_t number(const json::object& in, json::string_view name, std::int64_t otherwise) {
    const json::value* value = in.if_contains(name);
    return value == nullptr ? otherwise : value->as_int64();
}

bool flag(const json::object& in, json::string_view name) {
    const json::value* value = in.if_contains(name);
    return value != nullptr && value->as_bool();
}

/// One of the values of an enumeration, up to `last`.
template <class Enum>
Enum one_of(std::int64_t value, Enum last) {
    if (value < 0 || value > static_cast<std::int64_t>(last)) throw std::out_of_range("enumeration");
    return static_cast<Enum>(value);
}

Step step_from(std::int64_t value) {
    return one_of(value, Step::release);
}

Code code_from(std::string_view wanted) {
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
        if (info(static_cast<Code>(i)).name == wanted) return static_cast<Code>(i);
    }
    throw std::out_of_range("code");
}

ChargeRequest read_request(const json::object& in, const ChargeRow& row) {
    const auto currency = Currency::from_code(row.currency);
    if (!currency) throw std::out_of_range("currency");
    ChargeRequest request{.order_id = row.order_id,
                          .amount = {row.amount, *currency},
                          .payment_method = text(in, "pm"),
                          .customer = {},
                          .items = {},
                          .manual_capture = flag(in, "manual"),
                          .allow_duplicate = false,
                          .metadata = {}};
    const json::array& customer = in.at("cus").as_array();
    request.customer = {std::string(customer.at(0).as_string()), std::string(customer.at(1).as_string()),
                        std::string(customer.at(2).as_string())};
    for (const json::value& item : in.at("items").as_array()) {
        request.items.push_back({std::string(item.as_array().at(0).as_string()), item.as_array().at(1).as_int64()});
    }
    if (const json::value* metadata = in.if_contains("meta")) {
        for (const json::value& pair : metadata->as_array()) {
            request.metadata.emplace_back(std::string(pair.as_array().at(0).as_string()),
                                          std::string(pair.as_array().at(1).as_string()));
        }
    }
    return request;
}

void read_returns(const json::object& in, Charge& charge) {
    if (const json::value* value = in.if_contains("refunds")) {
        for (const json::value& refund : value->as_array()) {
            const json::array& parts = refund.as_array();
            charge.refunds.push_back({std::string(parts.at(0).as_string()), parts.at(1).as_int64(), {}, {}});
            if (parts.size() > 3) charge.refunds.back().operation = parts.at(2).as_string();
            if (parts.size() > 3) charge.refunds.back().reason = parts.at(3).as_string();
            const std::int64_t amount = charge.refunds.back().amount;
            if (amount < 0 || amount > charge.captured) throw std::out_of_range("refund");
        }
    }
    for (const auto& [name, ids] : {std::pair("refused", &charge.refused), std::pair("disputes", &charge.disputes)}) {
        const json::value* value = in.if_contains(name);
        if (value == nullptr) continue;
        for (const json::value& id : value->as_array()) ids->emplace_back(id.as_string());
    }
}

void read_operations(const json::object& in, Charge& charge) {
    charge.concluded_by = text(in, "by");
    const json::value* value = in.if_contains("ops");
    if (value == nullptr) return;
    for (const json::value& one : value->as_array()) {
        const json::array& parts = one.as_array();
        charge.operations.push_back({std::string(parts.at(0).as_string()),
                                     one_of(parts.at(1).as_int64(), OperationKind::confirm),
                                     std::string(parts.at(2).as_string()),
                                     std::string(parts.at(3).as_string()),
                                     {}});
    }
}

void read_risk(const json::object& in, Charge& charge) {
    if (const json::value* value = in.if_contains("counts")) {
        for (const json::value& one : value->as_array()) {
            charge.counts.push_back({std::string(one.as_array().at(0).as_string()), one.as_array().at(1).as_int64()});
        }
    }
    if (const json::value* value = in.if_contains("risk")) {
        const json::array& parts = value->as_array();
        charge.risk.decision = one_of(parts.at(0).as_int64(), fraud::Decision::block);
        charge.risk.score = parts.at(1).as_int64();
        for (std::size_t i = 2; i < parts.size(); ++i) {
            const json::array& rule = parts[i].as_array();
            charge.risk.rules.push_back({.name = std::string(rule.at(0).as_string()),
                                         .kind = std::string(rule.at(1).as_string()),
                                         .verdict = one_of(rule.at(2).as_int64(), fraud::Verdict::block),
                                         .score = rule.at(3).as_int64(),
                                         .shadow = rule.at(4).as_bool(),
                                         .detail = std::string(rule.at(5).as_string())});
        }
    }
    charge.step_up = one_of(number(in, "up", 0), StepUp::done);
    charge.superseded_id = text(in, "before");
    charge.void_round = static_cast<int>(number(in, "void_round", 0));
    if (charge.void_round < 0) throw std::out_of_range("void_round");
    charge.failure_counted = flag(in, "counted");
}

void read_history(const json::object& in, Charge& charge) {
    const json::value* value = in.if_contains("past");
    if (value == nullptr) return;
    for (const json::value& one : value->as_array()) {
        const json::array& parts = one.as_array();
        const WallTime at = charge.created_at + Milliseconds(parts.at(0).as_int64());
        Moment moment{.at = at, .what = std::string(parts.at(1).as_string()), .outcome = {}, .until = at};
        if (parts.size() > 2) moment.outcome = parts[2].as_string();
        if (parts.size() > 3) moment.who = parts[3].as_string();
        if (parts.size() > 5) {
            moment.times = static_cast<int>(parts[4].as_int64());
            moment.until = charge.created_at + Milliseconds(parts[5].as_int64());
        }
        charge.history.push_back(std::move(moment));
    }
}

void read_facts(const json::object& in, Charge& charge) {
    read_risk(in, charge);
    charge.request_id = text(in, "rid");
    charge.traceparent = text(in, "trace");
    charge.gateway_name = text(in, "gw");
    charge.reservation_id = text(in, "res");
    charge.capture_id = text(in, "cap");
    charge.captured = charge.capture_id.empty() ? 0 : number(in, "got", charge.request.amount.minor);
    if (charge.captured < 0 || charge.captured > charge.request.amount.minor) throw std::out_of_range("captured");
    charge.shipment_id = text(in, "ship");
    charge.to_capture = number(in, "want", 0);
    if (charge.to_capture < 0 || charge.to_capture > charge.request.amount.minor) throw std::out_of_range("want");
    charge.redirect_url = text(in, "redirect");
    charge.waiting_id = text(in, "waiting");
    charge.actions = static_cast<int>(number(in, "actions", 0));
    if (charge.actions < 0) throw std::out_of_range("actions");
    charge.told = text(in, "told");
    charge.shipment_canceled = flag(in, "unship");
    charge.refund_id = text(in, "refund");
    charge.void_id = text(in, "void");
    charge.released = flag(in, "released");
    charge.attention = flag(in, "attention");
    charge.parked = flag(in, "parked");
    charge.warned = flag(in, "warned");
    read_history(in, charge);
    read_returns(in, charge);
    read_operations(in, charge);
    if (const json::value* value = in.if_contains("auth")) {
        const json::object& auth = value->as_object();
        charge.authorization = Authorization{text(auth, "id"), text(auth, "avs"), text(auth, "cvv"), text(auth, "country"),
                                             WallTime(Milliseconds(number(auth, "until", 0)))};
    }
    if (const json::value* value = in.if_contains("fail")) {
        const json::object& fail = value->as_object();
        Failure failure{.step = step_from(number(fail, "step", -1)),
                        .error = {code_from(text(fail, "code")), text(fail, "why")},
                        .timed_out = flag(fail, "timed_out"),
                        .voided = flag(fail, "voided")};
        failure.error.retriable = flag(fail, "retriable");
        if (fail.if_contains("after") != nullptr) failure.error.retry_after = Milliseconds(number(fail, "after", 0));
        charge.failure = std::move(failure);
    }
    if (const json::value* value = in.if_contains("intent")) {
        const json::array& intent = value->as_array();
        charge.intent = Intent{.step = step_from(intent.at(0).as_int64()),
                               .sent = intent.at(1).as_bool(),
                               .since = WallTime(Milliseconds(intent.at(2).as_int64())),
                               .seen = WallTime(Milliseconds(intent.at(6).as_int64())),
                               .last = WallTime(Milliseconds(intent.at(intent.size() > 7 ? 7 : 6).as_int64())),
                               .tries = static_cast<int>(intent.at(3).as_int64()),
                               .round = static_cast<int>(intent.at(4).as_int64()),
                               .spent = intent.size() > 8 && intent.at(8).as_bool(),
                               .paged = intent.at(5).as_bool(),
                               .mismatch_paged = intent.size() > 9 && intent.at(9).as_bool()};
        const bool for_a_shop = charge.intent->step == Step::refund && !charge.failure;
        if (for_a_shop && first_pending(charge) == charge.refunds.end()) throw std::out_of_range("refund");
    }
}

}  // namespace

Result<Charge> from_state(const ChargeRow& row) {
    try {
        const json::value parsed = json::parse(row.state);
        const json::object& in = parsed.as_object();
        Charge charge(read_request(in.at("req").as_object(), row));
        charge.id = row.id;
        charge.tenant = row.tenant;
        charge.idempotency_key = row.idempotency_key;
        charge.attempt = row.attempt;
        charge.created_at = row.created_at;
        charge.begun_at = row.begun_at;
        charge.kept_status = row.status;
        read_facts(in, charge);
        return charge;
    } catch (const std::exception&) {  // Boost.JSON reports a member of another type by throwing
        return fail(Code::internal, "the stored state of charge " + row.id + " cannot be read");
    }
}

}  // namespace tollgate
