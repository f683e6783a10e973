#include "gateways/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

TEST_CASE("a checkout through the sandbox leaves one effect a step, and undoing it leaves no live payment") {
    SandboxRig rig;
    const auto reserved = rig.time.run(rig.inventory.place(goods_request(), rig.with("k-reserve")));
    const auto outcome = rig.authorize("tok_visa", "k-authorize");
    REQUIRE(reserved.has_value());
    REQUIRE(outcome.has_value());
    const auto captured =
        rig.time.run(rig.gateway.capture({"ch_1", outcome->authorized->id, usd(4999)}, rig.with("k-capture")));
    REQUIRE(captured.has_value());
    const auto shipped = rig.time.run(rig.shipping.place(goods_request(), rig.with("k-ship")));
    REQUIRE(shipped.has_value());
    CHECK(rig.history() == "reserve:reserved authorize:captured capture:captured ship:shipped");

    CHECK(rig.time.run(rig.shipping.undo(*shipped, rig.with("k-cancel"))).has_value());
    CHECK(rig.time.run(rig.gateway.refund({"ch_1", *captured, usd(4999)}, rig.with("k-refund"))).has_value());
    CHECK(rig.time.run(rig.inventory.undo(*reserved, rig.with("k-release"))).has_value());
    CHECK(
        rig.history() ==
        "reserve:released authorize:refunded capture:refunded ship:canceled cancel:canceled refund:refunded release:released");
    const auto entry = rig.ledger().at(1).as_object();
    CHECK(entry.at("reference") == "ch_1");
    CHECK(entry.at("order_id") == "ord_1");
    CHECK(entry.at("idempotency_key") == "k-authorize");
    CHECK(entry.at("amount") == 4999);
    CHECK(entry.at("currency") == "USD");
}

TEST_CASE("the same key answers the same and acts once, and another body under it is refused") {
    SandboxRig rig;
    const auto first = rig.authorize("tok_visa", "k-1");
    const auto again = rig.authorize("tok_visa", "k-1");
    REQUIRE(first.has_value());
    REQUIRE(again.has_value());
    CHECK(first->authorized->id == again->authorized->id);
    CHECK(rig.ledger().size() == 1);
    CHECK(rig.authorize("tok_other", "k-1").error().code == Code::gateway_refused);
    CHECK(rig.ledger().size() == 1);
}

TEST_CASE("every declining token has its refusal, and leaves nothing in the ledger") {
    SandboxRig rig;
    CHECK(rig.authorize("tok_declined", "k-1").error().code == Code::card_declined);
    CHECK(rig.authorize("tok_insufficient_funds", "k-2").error().code == Code::insufficient_funds);
    CHECK(rig.authorize("tok_expired", "k-3").error().code == Code::expired_card);
    CHECK(rig.authorize("tok_declined", "k-1").error().code == Code::card_declined);
    CHECK(rig.ledger().empty());
}

TEST_CASE("a required authentication sends the customer away, and the step after it goes through") {
    SandboxRig rig;
    const auto asked = rig.authorize("tok_authentication_required", "k-1");
    REQUIRE(asked.has_value());
    CHECK(asked->redirect_url == "https://sandbox.invalid/sandbox/authenticate/ch_1");
    CHECK(rig.authorize("tok_authentication_required", "k-1")->redirect_url == asked->redirect_url);
    CHECK(rig.authorize("tok_authentication_required", "k-2")->authorized.has_value());

    auto challenged = authorize_request();
    challenged.reference = "ch_2";
    challenged.authenticate = true;
    CHECK_FALSE(rig.time.run(rig.gateway.authorize(challenged, rig.with("k-3")))->redirect_url.empty());
}

TEST_CASE("tok_flaky_N cuts the first N calls of each step before it acts") {
    SandboxRig rig;
    for (int i = 0; i < 2; ++i) CHECK(rig.authorize("tok_flaky_2", "k-1").error().code == Code::gateway_timeout);
    CHECK(rig.ledger().empty());
    CHECK(rig.authorize("tok_flaky_2", "k-1", Ask::look_up).error().code == Code::never_arrived);
    const auto outcome = rig.authorize("tok_flaky_2", "k-1");
    REQUIRE(outcome.has_value());
    const auto capture = [&] {
        return rig.time.run(rig.gateway.capture({"ch_1", outcome->authorized->id, usd(4999)}, rig.with("k-2")));
    };
    for (int i = 0; i < 2; ++i) CHECK(capture().error().code == Code::gateway_timeout);
    CHECK(capture().has_value());
}

TEST_CASE("tok_lost_reply and tok_error_after act, lose their answer once a step, and the look-up finds it") {
    const std::string token = GENERATE("tok_lost_reply", "tok_error_after");
    const Code trouble = token == "tok_lost_reply" ? Code::gateway_timeout : Code::gateway_fault;
    SandboxRig rig;
    const auto lost = rig.authorize(token, "k-1");
    CHECK(lost.error().code == trouble);
    CHECK(lost.error().execution == Execution::unknown);
    CHECK(rig.history() == "authorize:authorized");
    const auto found = rig.authorize(token, "k-1", Ask::look_up);
    REQUIRE(found.has_value());
    CHECK(rig.authorize(token, "k-1")->authorized->id == found->authorized->id);
    const auto capture = [&] {
        return rig.time.run(rig.gateway.capture({"ch_1", found->authorized->id, usd(4999)}, rig.with("k-2")));
    };
    CHECK(capture().error().code == trouble);
    CHECK(capture().has_value());
    CHECK(rig.history() == "authorize:captured capture:captured");
}

TEST_CASE("tok_slow_MS answers late, and past the deadline the outcome is unknown, and its key is in use meanwhile") {
    SandboxRig rig;
    const auto begun = rig.time.elapsed();
    REQUIRE(rig.authorize("tok_slow_700", "k-1").has_value());
    CHECK(rig.time.elapsed() - begun == 700ms);

    const auto late = rig.authorize("tok_slow_30000", "k-2");
    CHECK(late.error().code == Code::gateway_timeout);
    CHECK(rig.time.elapsed() - begun == 10'700ms);
    const auto busy = rig.authorize("tok_slow_30000", "k-2");
    CHECK(busy.error().code == Code::gateway_busy);
    CHECK(busy.error().retry_after == Milliseconds(1000));
    CHECK(rig.authorize("tok_slow_30000", "k-2", Ask::look_up).error().code == Code::never_arrived);
    rig.time.advance(20s);
    CHECK(rig.authorize("tok_slow_30000", "k-2", Ask::look_up).has_value());
    CHECK(rig.authorize("tok_slow_30000", "k-2").has_value());
}

TEST_CASE("tokens change what the card check says") {
    SandboxRig rig;
    CHECK(rig.authorize("tok_visa", "k-1")->authorized->avs_result == "match");
    CHECK(rig.authorize("tok_avs_mismatch", "k-2")->authorized->avs_result == "mismatch");
    CHECK(rig.authorize("tok_cvv_mismatch", "k-3")->authorized->cvv_result == "mismatch");
    CHECK(rig.authorize("tok_country_DE", "k-4")->authorized->card_country == "DE");
}

TEST_CASE("captures, voids and refunds can be made to fail, and keep within what was authorized") {
    SandboxRig rig;
    const auto id_of = [&](const std::string& token, const std::string& key) {
        return rig.authorize(token, key)->authorized->id;
    };
    const auto capture = [&](const std::string& id, std::int64_t amount, const std::string& key) {
        return rig.time.run(rig.gateway.capture({"ch_1", id, usd(amount)}, rig.with(key)));
    };
    const auto undo = [&](const std::string& id, const std::string& key) {
        return rig.time.run(rig.gateway.void_authorization({"ch_1", id}, rig.with(key)));
    };
    CHECK(capture(id_of("tok_capture_fails", "a-1"), 4999, "c-1").error().execution == Execution::refused);
    CHECK(undo(id_of("tok_void_fails", "a-2"), "v-2").error().execution == Execution::refused);
    const auto both = id_of("tok_capture_fails_void_fails", "a-3");
    CHECK_FALSE(capture(both, 4999, "c-3").has_value());
    CHECK_FALSE(undo(both, "v-3").has_value());

    const auto id = id_of("tok_visa", "a-4");
    CHECK_FALSE(capture(id, 5000, "c-4").has_value());
    CHECK_FALSE(capture("auth_unknown", 1, "c-5").has_value());
    const auto captured = capture(id, 4000, "c-6");
    REQUIRE(captured.has_value());
    CHECK_FALSE(capture(id, 1, "c-7").has_value());
    CHECK_FALSE(undo(id, "v-4").has_value());
    const auto refund = [&](std::int64_t amount, const std::string& key) {
        return rig.time.run(rig.gateway.refund({"ch_1", *captured, usd(amount)}, rig.with(key)));
    };
    CHECK(refund(3000, "r-1").has_value());
    CHECK_FALSE(refund(1001, "r-2").has_value());
    CHECK(refund(1000, "r-3").has_value());
    CHECK_FALSE(refund(1, "r-4").has_value());
}

TEST_CASE("SKUs can be out of stock or impossible to ship, and releasing twice is as once") {
    SandboxRig rig;
    CHECK(rig.time.run(rig.inventory.place(goods_request("SKU-OUT"), rig.with("k-1"))).error().code == Code::out_of_stock);
    CHECK(rig.time.run(rig.shipping.place(goods_request("SKU-UNSHIPPABLE"), rig.with("k-2"))).error().code ==
          Code::cannot_ship);
    const auto id = rig.time.run(rig.inventory.place(goods_request("SKU-UNSHIPPABLE"), rig.with("k-3")));
    REQUIRE(id.has_value());
    CHECK(rig.time.run(rig.inventory.undo(*id, rig.with("k-4"))).has_value());
    CHECK(rig.time.run(rig.inventory.undo(*id, rig.with("k-5"))).has_value());
    CHECK(rig.history() == "reserve:released release:released");
    CHECK_FALSE(rig.time.run(rig.inventory.undo("res_unknown", rig.with("k-6"))).has_value());
}

TEST_CASE("a world that forgets goes on with what an earlier life began, under the same ids") {
    const auto id_in_an_earlier_life = SandboxRig().authorize("tok_visa", "k-1")->authorized->id;
    SandboxRig strict;
    CHECK_FALSE(
        strict.time.run(strict.gateway.void_authorization({"ch_1", id_in_an_earlier_life}, strict.with("k-2"))).has_value());

    SandboxRig rig({.forgetful_of_past = true});
    CHECK(rig.authorize("tok_visa", "k-1")->authorized->id == id_in_an_earlier_life);
    const std::string other = SandboxRig().authorize("tok_visa", "k-9")->authorized->id;
    const auto captured = rig.time.run(rig.gateway.capture({"ch_1", other, usd(4999)}, rig.with("k-3")));
    REQUIRE(captured.has_value());
    CHECK(rig.time.run(rig.gateway.refund({"ch_1", *captured, usd(4999)}, rig.with("k-4"))).has_value());
    CHECK_FALSE(rig.time.run(rig.gateway.refund({"ch_1", *captured, usd(1)}, rig.with("k-5"))).has_value());
    const std::string past = "res_" + std::string(32, '0');
    CHECK(rig.time.run(rig.inventory.undo(past, rig.with("k-6"))).has_value());
    CHECK_FALSE(rig.time.run(rig.inventory.undo("res_odd", rig.with("k-7"))).has_value());
}
