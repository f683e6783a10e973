#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "payments/keys.hpp"
#include "service/handlers/saga_json.hpp"

using namespace tollgate;
namespace json = boost::json;
using std::chrono::seconds;

namespace {

const WallTime noon{Milliseconds(1'795'341'600'000)};

/// Captured, unshippable, its refund under way for the third time.
Charge undoing() {
    Charge charge({.order_id = "ord_1",
                   .amount = {4999, *Currency::from_code("USD")},
                   .payment_method = "tok_visa",
                   .customer = {"cus_1", "ann@example.com", "US"},
                   .items = {{"SKU-1", 1}}});
    charge.tenant = "anna";
    charge.idempotency_key = "the client's own";
    charge.id = charge_id(charge.tenant, charge.idempotency_key);
    charge.created_at = noon;
    for (const auto after : {seconds(1), seconds(3)})
        remember(charge, {.at = noon + after, .who = "tollgate", .what = "ship", .outcome = "cannot_ship: too large"});
    charge.reservation_id = "res_1";
    charge.authorization = Authorization{.id = "auth_1"};
    charge.capture_id = "cap_1";
    charge.captured = 4999;
    charge.failure = Failure{.step = Step::ship, .error = {Code::cannot_ship, "too large"}};
    charge.intent = Intent{.step = Step::refund, .since = noon, .tries = 3, .round = 1};
    return charge;
}

ChargeRow row_of(const Charge& charge) {
    ChargeRow row;
    row.id = charge.id;
    row.tenant = charge.tenant;
    row.idempotency_key = charge.idempotency_key;
    row.order_id = charge.request.order_id;
    row.amount = charge.request.amount.minor;
    row.currency = "USD";
    row.state = to_state(charge);
    row.created_at = noon;
    row.due_at = noon + seconds(5);
    row.lease_until = noon + seconds(30);
    row.fence = 7;
    return row;
}

}  // namespace

TEST_CASE("an operator reads where a saga stands, what it does next and why, without the client's key") {
    const ChargeRow row = row_of(undoing());
    const std::string text = to_saga_json(row, from_state(row), noon + seconds(1), {{"capture", "cap_1", 4999, "USD"}});
    const json::value expected = json::parse(R"({
        "object":"saga","state":"COMPENSATING","status":"processing","tenant":"anna","order_id":"ord_1","amount":4999,
        "currency":"USD","customer_id":"cus_1","attempt":1,"fence":7,"due_at":"2026-11-22T10:00:05.000Z","owned":true,
        "lease_until":"2026-11-22T10:00:30.000Z","created_at":"2026-11-22T10:00:00.000Z",
        "failure":{"step":"ship","code":"cannot_ship","detail":"too large"},
        "facts":{"reservation_id":"res_1","authorization_id":"auth_1","capture_id":"cap_1","captured":4999},
        "ledger":[{"type":"capture","gateway_id":"cap_1","amount":4999,"currency":"USD","debit":"captured","credit":"held"}],
        "timeline":[{"at":"2026-11-22T10:00:00.000Z","who":"anna","what":"charge.create","outcome":"49.99 USD"},
                    {"at":"2026-11-22T10:00:01.000Z","who":"tollgate","what":"ship","outcome":"cannot_ship: too large","times":2,
                     "until":"2026-11-22T10:00:03.000Z"}]})");
    json::object told = json::parse(text).as_object();
    CHECK(told.at("id").as_string() == saga_id(row.id));
    CHECK(told.at("charge_id").as_string() == row.id);
    const json::object step = told.at("step").as_object();
    CHECK(step.at("name") == "refund");
    CHECK(step.at("tries") == 3);
    CHECK(step.at("round") == 1);
    CHECK(step.at("may_have_left") == true);
    CHECK(step.at("idempotency_key").as_string() == call_key("anna", "the client's own", 1, Step::refund, 1));
    for (const char* member : {"id", "charge_id", "step"}) told.erase(member);
    CHECK(json::value(told) == expected);
    CHECK_THAT(text, !Catch::Contains("the client's own"));
}

TEST_CASE("an operator sees a refund that is under way, whose it is, and the key that its call carries") {
    Charge charge = undoing();
    charge.failure.reset();
    charge.shipment_id = "ship_1";
    charge.refunds = {{"ref_1", 1000}, {"", 500, "op_1", "broken"}};
    charge.operations = {{"op_1", OperationKind::refund, "fingerprint", "req-2", {}}};
    const ChargeRow row = row_of(charge);
    const json::object told = json::parse(to_saga_json(row, from_state(row), noon, {})).as_object();
    CHECK(told.at("state") == "RUNNING");
    CHECK(told.at("step").at("idempotency_key").as_string() == refund_key(row.id, "op_1", 1));
    CHECK(told.at("refunds") == json::parse(R"([{"status":"refunded","amount":1000,"refund_id":"ref_1"},
        {"status":"pending","amount":500,"operation":"op_1"}])"));
    CHECK(told.at("operations") == json::parse(R"([{"id":"op_1","kind":"refund","request_id":"req-2"}])"));
}

TEST_CASE("a saga in a list leaves out its facts, and nobody owns it once its lease is over") {
    const ChargeRow row = row_of(undoing());
    const json::object told = json::parse(to_saga_json(row, from_state(row), noon + seconds(30))).as_object();
    CHECK(told.at("owned") == false);
    for (const char* member : {"facts", "ledger", "lease_until"}) {
        INFO(member);
        CHECK_FALSE(told.contains(member));
    }
}

TEST_CASE("a saga whose state cannot be read is told all the same") {
    ChargeRow row = row_of(undoing());
    row.state = "{";
    const json::object told = json::parse(to_saga_json(row, from_state(row), noon, {})).as_object();
    CHECK(told.at("state") == "UNREADABLE");
    CHECK(told.at("tenant") == "anna");
    CHECK(told.at("detail").as_string().find(row.id) != json::string::npos);
    CHECK(told.contains("ledger"));
    CHECK_FALSE(told.contains("step"));
}

TEST_CASE("the timeline names each payment as the ledger has it, also where the charge is older than its memory") {
    Charge charge = undoing();
    charge.history.clear();
    for (const char* what : {"payment.capture", "asked.refund", "payment.refund", "payment.refund"})
        remember(charge, {.at = noon + seconds(1), .what = what, .outcome = {}});
    const std::vector<LedgerEntry> ledger{{"authorize", "auth_1", 4999, "USD"},
                                          {"refund", "re_before", 1, "USD"},
                                          {"capture", "cap_1", 4999, "USD"},
                                          {"refund", "re_1", 500, "USD"},
                                          {"refund", "re_2", 700, "USD"}};
    const ChargeRow row = row_of(charge);
    const json::value told = json::parse(to_saga_json(row, from_state(row), noon, ledger));
    std::vector<std::string> outcomes;
    for (const json::value& one : told.at("timeline").as_array())
        outcomes.emplace_back(std::string(one.at("who").as_string()) + ": " + std::string(one.at("outcome").as_string()));
    CHECK(outcomes == std::vector<std::string>{"anna: 49.99 USD", "gateway: 49.99 USD cap_1",
                                               "tollgate: ", "gateway: 5.00 USD re_1", "gateway: 7.00 USD re_2"});
}

TEST_CASE("the timeline of a key that was used again says that there was another attempt before") {
    ChargeRow row = row_of(undoing());
    row.attempt = 2;
    row.begun_at = noon + seconds(60);
    const json::value told = json::parse(to_saga_json(row, from_state(row), noon, {}));
    const json::object& again = told.at("timeline").as_array().at(1).as_object();
    CHECK(again.at("at") == "2026-11-22T10:01:00.000Z");
    CHECK(again.at("who") == "anna");
    CHECK_THAT(std::string(again.at("outcome").as_string()), Catch::StartsWith("attempt 2 "));
}
