#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "payments/charge.hpp"

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

constexpr WallTime at{std::chrono::sys_days(std::chrono::November / 22 / 2026) + 10h + 7ms};

/// A charge in which every kept member has a value of its own.
Charge full() {
    Charge charge({.order_id = "ord_123",
                   .amount = {4999, *Currency::from_code("KWD")},
                   .payment_method = "tok_visa",
                   .customer = {"cus_1", "ann@example.com", "US"},
                   .items = {{"SKU-1", 1}, {"SKU \"2\"", 1'000'000}},
                   .manual_capture = true,
                   .allow_duplicate = false,
                   .metadata = {{"cart", "c_9"}, {"ünï\n", ""}}});
    charge.id = "ch_1";
    charge.tenant = "shop";
    charge.idempotency_key = "key-1";
    charge.attempt = 3;
    charge.created_at = at;
    charge.begun_at = at + 1h;
    charge.request_id = "req-1";
    charge.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    charge.gateway_name = "http";
    charge.reservation_id = "res_1";
    charge.authorization = Authorization{"auth_1", "match", "mismatch", "DE", at + 168h};
    charge.capture_id = "cap_1";
    charge.captured = 4000;
    charge.shipment_id = "ship_1";
    charge.redirect_url = "https://bank.example/3ds";
    charge.actions = 2;
    charge.refunds = {{"ref_8", 100}, {"ref_9", 1, "op_1", ""}, {"", 7, "op_2", "broken"}};
    charge.to_capture = 4000;
    charge.waiting_id = "pi_1";
    charge.concluded_by = "op_0";
    charge.operations = {{"op_2", OperationKind::refund, "fingerprint", "req-2", {}}};
    charge.warned = true;
    charge.refused = {"op_7"};
    charge.disputes = {"dp_1"};
    charge.told = "charge.succeeded";
    charge.history = {{at + 1s, "shop", "payment.capture", "", 1, at + 1s},
                      {at + 1s, "tollgate", "payment.release", "", 1, at + 1s},
                      {at + 1s, "tollgate", "ship", "done", 1, at + 1s},
                      {at + 2s, "tollgate", "ship", "gateway_error: \"away\"", 3, at + 9s}};
    charge.failure =
        Failure{.step = Step::ship, .error = {Code::cannot_ship, "no carrier", 1500ms}, .timed_out = true, .voided = true};
    charge.failure->error.retriable = true;
    charge.shipment_canceled = true;
    charge.refund_id = "ref_1";
    charge.void_id = "void_1";
    charge.released = true;
    charge.attention = true;
    charge.intent = Intent{Step::release, false, at + 2s, at + 3s, at + 1s, 7, 2, true, true, true};
    return charge;
}

ChargeRow row_of(const Charge& charge) {
    ChargeRow row;
    row.id = charge.id;
    row.tenant = charge.tenant;
    row.idempotency_key = charge.idempotency_key;
    row.order_id = charge.request.order_id;
    row.amount = charge.request.amount.minor;
    row.currency = charge.request.amount.currency.code();
    row.attempt = charge.attempt;
    row.created_at = charge.created_at;
    row.begun_at = charge.begun_at;
    row.state = to_state(charge);
    return row;
}

}  // namespace

TEST_CASE("every member of a charge survives its store") {
    const Charge before = full();
    const auto read = from_state(row_of(before));
    REQUIRE(read);
    const Charge& after = *read;
    CHECK(after.id == before.id);
    CHECK(after.tenant == before.tenant);
    CHECK(after.idempotency_key == before.idempotency_key);
    CHECK(after.attempt == before.attempt);
    CHECK(after.created_at == before.created_at);
    CHECK(after.begun_at == before.begun_at);
    CHECK(after.request_id == before.request_id);
    CHECK(after.traceparent == before.traceparent);
    CHECK(after.gateway_name == before.gateway_name);
    CHECK(after.request.order_id == before.request.order_id);
    CHECK(after.request.amount == before.request.amount);
    CHECK(after.request.payment_method == before.request.payment_method);
    CHECK(after.request.customer == before.request.customer);
    CHECK(after.request.items == before.request.items);
    CHECK(after.request.manual_capture == before.request.manual_capture);
    CHECK(after.request.metadata == before.request.metadata);
    CHECK(after.reservation_id == before.reservation_id);
    REQUIRE(after.authorization);
    CHECK(after.authorization->id == before.authorization->id);
    CHECK(after.authorization->avs_result == before.authorization->avs_result);
    CHECK(after.authorization->cvv_result == before.authorization->cvv_result);
    CHECK(after.authorization->card_country == before.authorization->card_country);
    CHECK(after.authorization->expires_at == before.authorization->expires_at);
    CHECK(after.capture_id == before.capture_id);
    CHECK(after.shipment_id == before.shipment_id);
    CHECK(after.captured == before.captured);
    CHECK(after.redirect_url == before.redirect_url);
    CHECK(after.actions == before.actions);
    CHECK(after.refunds == before.refunds);
    CHECK(after.to_capture == before.to_capture);
    CHECK(after.waiting_id == before.waiting_id);
    CHECK(after.concluded_by == before.concluded_by);
    REQUIRE(after.operations.size() == 1);
    CHECK(after.operations[0].id == "op_2");
    CHECK(after.operations[0].kind == OperationKind::refund);
    CHECK(after.operations[0].fingerprint == "fingerprint");
    CHECK(after.operations[0].request_id == "req-2");
    CHECK(after.warned == before.warned);
    CHECK(after.refused == before.refused);
    CHECK(after.disputes == before.disputes);
    CHECK(after.told == before.told);
    CHECK(after.history == before.history);
    CHECK(after.failure->voided);
    REQUIRE(after.failure);
    CHECK(after.failure->step == before.failure->step);
    CHECK(after.failure->error.code == before.failure->error.code);
    CHECK(after.failure->error.detail == before.failure->error.detail);
    CHECK(after.failure->error.retriable == before.failure->error.retriable);
    CHECK(after.failure->error.retry_after == before.failure->error.retry_after);
    CHECK(after.failure->timed_out == before.failure->timed_out);
    CHECK(after.shipment_canceled == before.shipment_canceled);
    CHECK(after.refund_id == before.refund_id);
    CHECK(after.void_id == before.void_id);
    CHECK(after.released == before.released);
    CHECK(after.attention == before.attention);
    REQUIRE(after.intent);
    CHECK(*after.intent == *before.intent);
    CHECK(to_json(after) == to_json(before));
}

TEST_CASE("a charge of which nothing is known yet survives its store") {
    Charge before(full().request);
    before.id = "ch_1";
    before.intent = Intent{.since = at};
    const auto after = from_state(row_of(before));
    REQUIRE(after);
    CHECK_FALSE(after->authorization);
    CHECK_FALSE(after->failure);
    CHECK(after->intent == before.intent);
    CHECK(after->reservation_id.empty());
    CHECK(to_state(*after) == to_state(before));
}

TEST_CASE("a state of an older version, without what came later, is read with defaults") {
    ChargeRow row = row_of(full());
    row.state = R"({"req":{"pm":"tok_visa","cus":["cus_1","a@b","US"],"items":[["SKU-1",1]]},"auth":{"id":"auth_1"}})";
    const auto charge = from_state(row);
    REQUIRE(charge);
    CHECK(charge->request.payment_method == "tok_visa");
    CHECK(charge->authorization->id == "auth_1");
    CHECK_FALSE(charge->attention);
    CHECK_FALSE(charge->intent);
}

TEST_CASE("a state of a newer version, with members unknown here, is read") {
    ChargeRow row = row_of(full());
    row.state.back() = ',';
    row.state += R"("new":{"deep":[1]}})";
    CHECK(from_state(row));
}

TEST_CASE("a damaged state is an error that names the charge, wherever the damage is") {
    const ChargeRow whole = row_of(full());
    for (std::size_t cut = 0; cut < whole.state.size(); ++cut) {
        ChargeRow row = whole;
        row.state.resize(cut);
        const auto charge = from_state(row);
        REQUIRE_FALSE(charge);
        CHECK(charge.error().code == Code::internal);
        CHECK_THAT(charge.error().detail, Catch::Contains("ch_1"));
    }
}

TEST_CASE("a state whose members have another type is an error, not a crash") {
    namespace json = boost::json;
    const ChargeRow whole = row_of(full());
    const json::object state = json::parse(whole.state).as_object();
    const json::array strange{json::value(nullptr), json::value(-7), json::value(1e300), json::value(json::array{}),
                              json::value(json::object{})};
    for (const auto& member : state) {
        for (const json::value& other : strange) {
            json::object damaged = state;
            damaged[member.key()] = other;
            ChargeRow row = whole;
            row.state = json::serialize(damaged);
            INFO(row.state);
            const auto charge = from_state(row);
            const std::vector<std::string> lists{"refunds", "refused", "disputes", "ops", "past"};
            const bool a_list = std::ranges::find(lists, member.key()) != lists.end();
            const bool may_be_bare = (other.is_object() && member.key() == "auth") || (other.is_array() && a_list);
            CHECK(charge.has_value() == may_be_bare);
        }
    }
}

TEST_CASE("a step, code or currency that does not exist is an error") {
    const ChargeRow whole = row_of(full());
    const auto with = [&](const std::string& old, const std::string& now) {
        ChargeRow row = whole;
        const auto place = row.state.find(old);
        REQUIRE(place != std::string::npos);
        row.state.replace(place, old.size(), now);
        return from_state(row);
    };
    CHECK_FALSE(with(R"("step":3)", R"("step":8)"));
    CHECK_FALSE(with(R"("step":3)", R"("step":-1)"));
    CHECK_FALSE(with("cannot_ship", "cannot_sail"));
    CHECK_FALSE(with(R"("intent":[7)", R"("intent":[9)"));
    ChargeRow row = whole;
    row.currency = "XXX";
    CHECK_FALSE(from_state(row));
}
