// POST /admin/charges/ID/refund: an operator gives money of any shop's charge back, as the shop would, once.
#include <catch2/catch.hpp>

#include "integration/admin_stage.hpp"
#include "integration/operating.hpp"

using namespace tollgate::test;

namespace {

/// The amounts that the gateway gave back.
std::vector<long long> given_back(const Firm& firm) {
    std::vector<long long> amounts;
    OutsideLedger ledger = outside_ledger(firm.sandbox->port(), "ord_1");
    for (const Effect& effect : ledger["ord_1"])
        if (effect.type == "refund") amounts.push_back(effect.amount);
    std::ranges::sort(amounts);
    return amounts;
}

using Amounts = std::vector<long long>;

/// All at the same moment.
std::vector<Reply> all_at_once(const Firm& firm, const std::vector<Call>& calls) {
    std::vector<std::future<std::optional<Reply>>> asked;
    for (const Call& call : calls) {
        asked.push_back(std::async(std::launch::async, [&firm, call] { return request(firm.port(), Firm::as("ops", call)); }));
    }
    std::vector<Reply> replies;
    for (auto& one : asked) replies.push_back(must(one.get()));
    return replies;
}

}  // namespace

TEST_CASE("an operator's refund is done once, whoever's the charge is, and audit and timeline name the operator") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis);
    const std::string id = firm.charge("anna", "key-1").text("id");
    const Call call = firm.refund(id, "key-2", R"({"amount":1000,"reason":"complained by phone"})");
    const Reply refunded = firm.ask("ops", call);
    INFO(refunded.body);
    REQUIRE(refunded.status == 200);
    CHECK(refunded.text("id") == id);
    CHECK(refunded.text("amount_refunded") == "1000");
    CHECK(firm.get("anna", "/charge/" + id).text("amount_refunded") == "1000");
    CHECK(given_back(firm) == Amounts{1000});

    check_replay(firm.ask("ops", call), refunded);
    check_problem(firm.ask("ops", firm.refund(id, "key-2", R"({"amount":999})")), 422, "idempotency_key_reused");
    CHECK(given_back(firm) == Amounts{1000});

    bool told = false;
    for (const json::value& moment : body_of(firm.get("ops", "/admin/sagas/" + id)).at("timeline").as_array()) {
        if (moment.at("what") == "operator.refund") told = moment.at("who") == "ops";
    }
    CHECK(told);
    if (on_redis) return;
    CHECK(firm.service->stop() == 0);
    const std::string store = content_of(firm.folder.path() + "/tollgate.db");
    CHECK(count_of(store, "opscharge.refundattempt") == 3);
    CHECK(count_of(store, "opscharge.refund200") == 2);
    CHECK(count_of(store, "opscharge.refundidempotency_key_reused") == 1);
    CHECK(count_of(store, "annacharge.refund") == 0);
}

TEST_CASE("a key of the same text is another one for each operator and for the shop") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis);
    const std::string id = firm.charge("anna", "key-1").text("id");
    const std::string body = R"({"amount":100})";
    const Reply by_shop =
        firm.ask("anna", {.method = "POST", .path = "/charge/" + id + "/refund", .body = body, .key = "key-2"});
    CHECK(by_shop.text("amount_refunded") == "100");
    CHECK(firm.ask("ops", firm.refund(id, "key-2", body)).text("amount_refunded") == "200");
    CHECK(firm.ask("night", firm.refund(id, "key-2", body)).text("amount_refunded") == "300");
    CHECK(firm.ask("ops", firm.refund(id, "\"key-2\"", body)).text("amount_refunded") == "200");
    CHECK(given_back(firm) == Amounts{100, 100, 100});
    // What the service makes of an operator's key is none that a shop could send.
    const Reply forged =
        firm.ask("anna", {.method = "POST", .path = "/charge/" + id + "/refund", .body = body, .key = "ops key-2"});
    check_problem(forged, 400, "idempotency_key_invalid");
    CHECK(given_back(firm) == Amounts{100, 100, 100});
}

TEST_CASE("refunds by operators at the same moment never give back more than was captured, and the same one is one") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis, {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "60s"}});
    const std::string id = firm.charge("anna", "key-1").text("id");
    for (const Reply& reply : all_at_once(firm, std::vector<Call>(8, firm.refund(id, "key-2", R"({"amount":1000})")))) {
        INFO(reply.body);
        CHECK((reply.status == 200 || reply.status == 202));
    }
    CHECK(eventually([&] { return given_back(firm) == Amounts{1000}; }));

    std::vector<Call> calls;
    for (int i = 0; i < 6; ++i) calls.push_back(firm.refund(id, "all-" + std::to_string(i)));
    int done = 0;
    for (const Reply& reply : all_at_once(firm, calls)) {
        if (reply.status == 200) ++done;
        if (reply.status != 200) check_problem(reply, 422, "refund_exceeds_capture");
    }
    CHECK(done == 1);
    CHECK(given_back(firm) == Amounts{1000, 3999});
    check_problem(firm.ask("ops", firm.refund(id, "key-3", R"({"amount":1})")), 422, "refund_exceeds_capture");
    CHECK(firm.get("anna", "/charge/" + id).text("amount_refunded") == "4999");
}

TEST_CASE("a refund by an operator that cannot be asked for changes nothing, and says why") {
    const Firm firm(false);
    const std::string id = firm.charge("anna", "key-1").text("id");
    const auto refused = [&](const Call& call, int status, const std::string& code) {
        INFO(call.path << " " << call.key << " " << call.body);
        check_problem(firm.ask("ops", call), status, code);
    };
    refused(firm.refund(id, "key-2", R"({"amount":5000})"), 422, "refund_exceeds_capture");
    refused(firm.refund(id, "key-3", R"({"amount":0})"), 422, "validation_failed");
    refused(firm.refund(id, "key-3", R"({"sum":1})"), 422, "validation_failed");
    refused(firm.refund(id, "key-3", "{"), 400, "invalid_json");
    refused(firm.refund(id, "key-3", R"({"reason":"4111111111111111"})"), 422, "pan_not_accepted");
    refused(firm.refund(id, "", "{}"), 400, "idempotency_key_missing");
    refused(firm.refund(id, "\"", "{}"), 400, "idempotency_key_invalid");
    refused(firm.refund(id, "two words", "{}"), 400, "idempotency_key_invalid");
    CHECK(firm.ask("ops", firm.refund("4111111111111111", "key-3")).text("code") == "not_found");
    refused(firm.refund("ch_" + std::string(34, 'a'), "key-3"), 404, "not_found");
    refused(firm.refund("saga_" + id.substr(3), "key-3"), 404, "not_found");
    const std::string declined = firm.charge("anna", "key-4", {.id = "ord_4", .token = "tok_declined"}, 402).text("charge_id");
    refused(firm.refund(declined, "key-3"), 409, "invalid_state");
    CHECK(given_back(firm).empty());
    CHECK(firm.get("anna", "/charge/" + id).text("amount_refunded") == "0");
}

TEST_CASE("an operator whose refund is not done in time is told where an operator may look") {
    std::atomic<bool> broken{true};
    const auto outside = start_sandbox();
    Gate gate(outside->port(),
              [&](int, bool acted, const std::string& path) { return acted || path != "/v1/refund" || !broken; });
    const Firm firm(false, quick({{"TOLLGATE_GATEWAY_URL", gate.url()}, {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}}));
    const std::string id = firm.charge("anna", "key-1").text("id");
    const Reply waits = firm.ask("ops", firm.refund(id, "key-2"));
    INFO(waits.body);
    REQUIRE(waits.status == 202);
    CHECK(waits.header("location") == "/admin/sagas/" + id);
    CHECK_FALSE(waits.header("retry-after").empty());
    CHECK(firm.get("ops", waits.header("location")).status == 200);
    broken = false;
    CHECK(eventually([&] { return firm.ask("ops", firm.refund(id, "key-2")).status == 200; }));
    CHECK(firm.get("anna", "/charge/" + id).text("amount_refunded") == "4999");
}
