// A stored saga that a bug or a foreign hand has damaged: it is read or refused, and what was read is written back the same.
#include <boost/json.hpp>

#include "fuzz/support/fuzz.hpp"
#include "payments/operation.hpp"

namespace tollgate::fuzz {
namespace {

ChargeRow row_with(std::string_view state) {
    ChargeRow row;
    row.id = "ch_aaaaaaaaaaaaaaaaaaaaaa";
    row.tenant = "shop";
    row.idempotency_key = "key-1";
    row.order_id = "ord_1";
    row.amount = 4999;
    row.currency = "USD";
    row.state = state;
    row.created_at = row.begun_at = WallTime(Milliseconds(1'795'341'600'000));
    return row;
}

/// What clients and workers make of a charge must not fail, whatever its facts are.
void look_at(const Charge& charge) {
    const auto status = status_of(charge);
    expect(charge_status_from(name(status)) == status, "every status has a name");
    expect(!finished(charge) || !next_step(charge), "a finished charge has no next step");
    expect(!frees_key(charge) || !is_live(charge), "a charge that frees its key does not block its order");
    expect(!saga_state(charge).empty(), "every saga has a state");
    const AtRisk risk = at_risk(charge);
    expect(risk.unknown >= 0 && risk.uncaptured >= 0, "no less than nothing is at risk");
    expect(!charge.intent || outward_key(charge).size() <= 64, "a key fits into the call it is for");
    boost::system::error_code error;
    for (const OpenOperation& operation : charge.operations) {
        const auto outcome = outcome_of(charge, operation);
        if (!outcome) continue;
        (void)boost::json::parse(outcome->body, error);
        expect(!error, "the answer of an operation is JSON");
    }
    (void)boost::json::parse(to_json(charge), error);
    expect(!error, "a charge is shown as JSON");
    if (charge.failure || finished(charge)) {
        const Answer answer = final_answer(charge);
        expect(answer.status >= 200 && answer.status <= 599, "the final answer has a status of HTTP");
        (void)boost::json::parse(answer.body, error);
        expect(!error, "the final answer is JSON");
    }
}

}  // namespace

void judge(std::string_view state) {
    const auto charge = from_state(row_with(state));
    if (!charge) {
        expect(charge.error().code == Code::internal, "what cannot be read is an error of our own");
        return;
    }
    const std::string written = to_state(*charge);
    const auto again = from_state(row_with(written));
    expect(again.has_value(), "what was written can be read");
    expect(to_state(*again) == written, "what was read is written the same");
    expect(to_json(*again) == to_json(*charge), "clients see the same charge before and after");
    look_at(*charge);
}

}  // namespace tollgate::fuzz
