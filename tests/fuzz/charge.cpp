// The body of POST /charge: what is accepted is fingerprinted, stored and read back without a loss, and holds no card number.
// The same bytes as the body of what may be asked of a charge.
#include <algorithm>
#include <boost/json.hpp>

#include "fuzz/support/fuzz.hpp"
#include "json/strict_json.hpp"
#include "payments/checkout.hpp"
#include "payments/operation_request.hpp"
#include "payments/request.hpp"
#include "redaction/card_number.hpp"

namespace tollgate::fuzz {
namespace {

namespace json = boost::json;

void write_escaped(std::string_view text, std::string& out) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80)
            out += std::string("\\u00") + hex[byte >> 4] + hex[byte & 15];
        else
            out += c;
    }
    out += '"';
}

/// The same value, members from last to first, every ASCII character escaped, with white space.
void write_otherwise(const json::value& value, std::string& out) {
    if (const auto* const object = value.if_object()) {
        out += "{ ";
        for (auto member = object->end(); member != object->begin();) {
            --member;
            write_escaped(member->key(), out);
            out += " :\n";
            write_otherwise(member->value(), out);
            if (member != object->begin()) out += ",\t";
        }
        out += " }";
    } else if (const auto* const array = value.if_array()) {
        out += "[ ";
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) out += ", ";
            write_otherwise((*array)[i], out);
        }
        out += " ]";
    } else if (const auto* const text = value.if_string()) {
        write_escaped(*text, out);
    } else {
        out += json::serialize(value);
    }
}

bool same_request(ChargeRequest a, ChargeRequest b) {
    std::ranges::sort(a.metadata);
    std::ranges::sort(b.metadata);
    return a.order_id == b.order_id && a.amount == b.amount && a.payment_method == b.payment_method &&
           a.customer == b.customer && a.items == b.items && a.manual_capture == b.manual_capture &&
           a.allow_duplicate == b.allow_duplicate && a.metadata == b.metadata;
}

void check_rejection(const Rejection& rejection) {
    const Code code = rejection.error.code;
    expect(code == Code::invalid_json || code == Code::pan_not_accepted || code == Code::validation_failed,
           "a body is refused as what it is");
    expect((code == Code::validation_failed) == !rejection.errors.empty(), "validation names the places");
    for (const FieldError& error : rejection.errors)
        expect(!holds_card_number(error.pointer) && !holds_card_number(error.detail), "an error quotes no card number");
}

/// Through the store's row and back.
void check_kept(const ParsedCharge& parsed) {
    Charge charge(parsed.request);
    charge.tenant = "shop";
    charge.idempotency_key = "key-1";
    charge.gateway_name = "sandbox";
    const auto command = make_charge_command(std::move(charge), parsed.fingerprint, WallTime(Milliseconds(1)), {});
    const ChargeRow& row = command.begin.row;
    expect(!holds_card_number(row.state) && !holds_card_number(row.order_id), "no card number is stored");
    const auto again = from_state(row);
    expect(again.has_value(), "an accepted charge can be read back");
    ChargeRequest kept = again->request;
    kept.allow_duplicate = parsed.request.allow_duplicate;  // decided in begin, and not kept
    expect(same_request(kept, parsed.request), "an accepted charge is read back as it was");
    expect(to_json(*again) == to_json(command.charge), "clients see the same charge after it was stored");
    expect(!holds_card_number(to_json(*again)), "no card number is shown");
}

void judge_operation(OperationKind kind, std::string_view body) {
    const auto parsed = parse_operation_request(kind, body);
    if (!parsed) return check_rejection(parsed.error());
    const OperationRequest& request = parsed->request;
    expect(!request.amount || (*request.amount > 0 && *request.amount <= Money::minor_max), "an amount is one");
    expect(request.reason.size() <= text_max && !holds_card_number(request.reason), "a reason is short and no card number");

    std::string otherwise;
    write_otherwise(body.empty() ? json::object() : *parse_strict_json(body), otherwise);
    const auto again = parse_operation_request(kind, otherwise);
    expect(again && again->fingerprint == parsed->fingerprint, "the same operation written otherwise has the same fingerprint");
    expect(again->request.amount == request.amount && again->request.reason == request.reason, "and is the same request");
}

}  // namespace

void judge(std::string_view body) {
    for (const auto kind :
         {OperationKind::capture, OperationKind::void_authorization, OperationKind::refund, OperationKind::confirm})
        judge_operation(kind, body);
    const auto parsed = parse_charge_request(body);
    if (!parsed) return check_rejection(parsed.error());

    const auto value = parse_strict_json(body);
    expect(value.has_value(), "an accepted body is strict JSON");
    std::string otherwise;
    write_otherwise(*value, otherwise);
    const auto again = parse_charge_request(otherwise);
    expect(again.has_value(), "the same payload written otherwise is accepted");
    expect(again->fingerprint == parsed->fingerprint, "the same payload written otherwise has the same fingerprint");
    expect(same_request(again->request, parsed->request), "the same payload written otherwise is the same request");
    check_kept(*parsed);
}

}  // namespace tollgate::fuzz
