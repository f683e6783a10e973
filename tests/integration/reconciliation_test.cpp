// The books of a day compared with the gateway's, as an operator asks for it over HTTP.
#include <catch2/catch.hpp>
#include <fstream>

#include "integration/reconciliation_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

Order in(const std::string& currency, const std::string& name, long long amount, const std::string& more = "") {
    return {.id = "ord_" + name, .amount = amount, .more = more, .currency = currency};
}

void refund(const EventStage& stage, const std::string& charge_id, const std::string& key, long long amount) {
    const Reply reply = settled_operation({stage.port()}, {charge_id, "refund", key, amount_of(amount)});
    INFO(reply.body);
    REQUIRE(reply.status == 200);
}

/// A day of a shop in one currency: paid, paid in part, given back in parts and wholly, let go, undone, declined.
void trade(const EventStage& stage, const std::string& currency, long long amount) {
    const auto name = [&](const std::string& what) { return currency + "-" + what; };
    const auto buy = [&](const std::string& what, const std::string& more = "") {
        return stage.charge("key-" + name(what), in(currency, name(what), amount, more));
    };
    (void)buy("plain");
    const std::string in_parts = buy("in_parts");
    refund(stage, in_parts, "refund-1-" + name(""), 1);
    refund(stage, in_parts, "refund-2-" + name(""), amount / 3);
    refund(stage, buy("wholly"), "refund-3-" + name(""), amount);
    const std::string part = buy("part", manual.more);
    const std::string let_go = buy("let_go", manual.more);
    REQUIRE(settled_operation({stage.port()}, {part, "capture", "capture-" + name(""), amount_of(amount - 7)}).status == 200);
    REQUIRE(settled_operation({stage.port()}, {let_go, "void", "void-" + name("")}).status == 200);
    Order undone = in(currency, name("undone"), amount);
    undone.sku = "SKU-UNSHIPPABLE";
    (void)stage.charge("key-" + name("undone"), undone, 409);
    Order declined = in(currency, name("declined"), amount);
    declined.token = "tok_declined";
    (void)stage.charge("key-" + name("declined"), declined, 402);
}

std::multiset<std::string> each_kind(const std::map<std::string, std::string>& planted) {
    const std::string page = " capture page";
    const std::string none = " capture none";
    return {"missing_internal " + planted.at("missing_internal") + " capture adopt",
            "missing_gateway " + planted.at("missing_gateway") + page,
            "amount_mismatch " + planted.at("amount_mismatch") + none,
            "currency_mismatch " + planted.at("currency_mismatch") + none,
            "status_mismatch " + planted.at("status_mismatch") + none,
            "duplicate_at_gateway " + planted.at("duplicate_at_gateway") + page,
            "late " + planted.at("late") + none,
            "orphan_refund " + planted.at("orphan_refund") + " refund none"};
}

json::object discrepancy(const json::object& report, const std::string& kind) {
    for (const json::value& one : report.at("discrepancies").as_array()) {
        if (one.at("kind").as_string() == kind) return one.as_object();
    }
    FAIL("there is no " << kind);
    return {};
}

}  // namespace

TEST_CASE("a day on which both sides agree is all matched, in every currency to the last unit, and calls nobody") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    stage.start();
    trade(stage, "USD", 4999);
    trade(stage, "JPY", 700);
    trade(stage, "KWD", 12'345);
    const json::object report = reconciled(stage.port(), date);
    const Truth truth = truth_of(stage.sandbox->port());
    REQUIRE(truth.movements == 3 * 9);
    CHECK(report.at("date") == json::value(date));
    CHECK(found(report).empty());
    check_adds_up(report, truth.movements);
    CHECK(truth.sums.size() == 3);
    CHECK(sums(report, "internal") == truth.sums);
    CHECK(sums(report, "gateway") == truth.sums);
    CHECK(duty.heard().empty());
    const Reply kept = stage.get("/admin/reconciliation/" + date);
    CHECK(kept.status == 200);
    CHECK(body_of(kept) == report);
}

TEST_CASE("a discrepancy of each kind is found and nothing else, and only what no machine may mend calls somebody") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    stage.start();
    trade(stage, "USD", 4999);
    const std::size_t honest = truth_of(stage.sandbox->port()).movements;
    const auto planted = plant_each_kind(stage);
    const json::object report = reconciled(stage.port(), date);
    CHECK(found(report) == each_kind(planted));
    check_adds_up(report, honest + 1);  // the charge whose capture is listed twice has one that pairs
    CHECK(duty.called() == std::multiset<std::string>{"missing_gateway " + planted.at("missing_gateway"),
                                                      "echo_mismatch " + planted.at("duplicate_at_gateway")});
    for (const Duty::Call& call : duty.heard()) {
        CHECK((call.kind == "missing_gateway" || call.detail.find("duplicate_at_gateway") != call.detail.npos));
    }
}

TEST_CASE("a discrepancy tells both sides as they have it, and nothing for a side that has none") {
    const std::string date = utc_day();
    EventStage stage(false, unhurried());
    stage.start();
    const auto planted = plant_each_kind(stage);
    const json::object report = reconciled(stage.port(), date);
    const auto side = [&](const std::string& kind, const char* which) { return discrepancy(report, kind).at(which); };
    const auto money = [](const json::value& entry) {
        return std::to_string(entry.at("amount").as_int64()) + " " + std::string(entry.at("currency").as_string()) + " " +
               std::string(entry.at("status").as_string());
    };
    CHECK(money(side("amount_mismatch", "internal")) == "4999 USD captured");
    CHECK(money(side("amount_mismatch", "gateway")) == "5000 USD captured");
    CHECK(money(side("currency_mismatch", "gateway")) == "4999 EUR captured");
    CHECK(money(side("status_mismatch", "internal")) == "4999 USD captured");
    CHECK(money(side("status_mismatch", "gateway")) == "4999 USD voided");
    CHECK(money(side("late", "internal")) == money(side("late", "gateway")));
    CHECK(side("late", "internal").at("at").as_string().starts_with(date));
    CHECK(side("late", "gateway").at("at").as_string().starts_with(utc_day(1)));
    CHECK(side("missing_gateway", "gateway").is_null());
    CHECK(side("missing_internal", "internal").is_null());
    CHECK(money(side("orphan_refund", "gateway")) == "500 USD refunded");
    CHECK(discrepancy(report, "orphan_refund").at("charge_id").is_null());
    for (const char* kind : {"missing_gateway", "missing_internal", "amount_mismatch", "duplicate_at_gateway"})
        CHECK(discrepancy(report, kind).at("charge_id") == json::value(planted.at(kind)));
}

TEST_CASE("the ledger's side of the sums is what really moved, whatever the gateway's books say") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    trade(stage, "KWD", 1'000);
    for (const std::string token : {"tok_books_unlisted", "tok_books_amount", "tok_books_twice"})
        (void)stage.charge("key-" + token, {.id = "ord_" + token, .token = token, .amount = 3, .currency = "JPY"});
    const json::object report = reconciled(stage.port(), date);
    const Truth truth = truth_of(stage.sandbox->port());
    CHECK(sums(report, "internal") == truth.sums);
    CHECK(sums(report, "gateway").at("KWD") == truth.sums.at("KWD"));
    CHECK(sums(report, "gateway").at("JPY") == 4 + 3 + 3);
}

TEST_CASE("a payment that the gateway settled on the other side of midnight is late on both days, and no money is missing") {
    const std::string date = utc_day();
    const std::string day_before = utc_day(-1);
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    std::atomic<bool> shifted{true};
    const Bookkeeper books(stage.sandbox->port(), [&](const std::string& listed, json::array& rows) {
        json::array kept;
        const auto all = request(stage.sandbox->port(), {.path = "/v1/transactions?date=" + date});
        if (!all) return;
        for (const json::value& one : json::parse(all->body).at("data").as_array()) {
            json::object moved = one.as_object();
            if (moved.at("type").as_string() == "capture") moved["created_at"] = day_before + "T23:59:59.999Z";
            if (moved.at("created_at").as_string().starts_with(listed)) kept.push_back(moved);
        }
        if (shifted) rows = std::move(kept);
    });
    stage.start(books.settings());
    const std::string id = stage.charge("key-1");
    const std::multiset<std::string> late{"late " + id + " capture none"};
    CHECK(found(reconciled(stage.port(), date)) == late);
    CHECK(found(reconciled(stage.port(), day_before)) == late);
    CHECK(duty.heard().empty());
    CHECK(stage.entries(id, "capture") == 1);
    shifted = false;
    CHECK(found(reconciled(stage.port(), date)).empty());
    CHECK(found(reconciled(stage.port(), day_before)).empty());
}

TEST_CASE("money at the gateway that is none of ours is told, and neither adopted nor called for") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    const Bookkeeper books(stage.sandbox->port(), [&](const std::string& listed, json::array& rows) {
        if (listed != date) return;
        rows.push_back(row("cap_other", "another_shop", "capture", 5, "captured", date + "T00:00:01.000Z"));
        rows.push_back(row("cap_none", "", "capture", 6, "captured", date + "T00:00:02.000Z"));
        rows.push_back(row("cap_failed", "another_shop", "capture", 7, "failed", date + "T00:00:03.000Z"));
        rows.push_back(row("auth_other", "another_shop", "authorize", 8, "authorized", date + "T00:00:04.000Z"));
        rows.push_back(row("po_1", "", "void", 9, "voided", date + "T00:00:05.000Z"));
    });
    stage.start(books.settings());
    (void)stage.charge("key-1");
    const json::object report = reconciled(stage.port(), date);
    CHECK(found(report) ==
          std::multiset<std::string>{"missing_internal another_shop capture none", "missing_internal  capture none"});
    check_adds_up(report, 1);
    CHECK(sums(report, "gateway") == std::map<std::string, long long>{{"USD", 4999 + 5 + 6}});
    CHECK(duty.heard().empty());
}

TEST_CASE("a gateway that is away leaves no half report and calls nobody, and once it is back the day is whole") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    std::atomic<bool> away{true};
    const Bookkeeper books(stage.sandbox->port(), {}, [&](int nth) { return !away || nth == 1; }, 3);
    stage.start(books.settings());
    const auto planted = plant_each_kind(stage);
    const Reply refused = must(ask_to_reconcile(stage.port(), R"({"date":")" + date + "\"}"));
    INFO(refused.status << " " << refused.body);
    CHECK(refused.status != 200);
    REQUIRE(eventually([&] { return books.pages() >= 2; }));
    CHECK(stage.get("/admin/reconciliation/" + date).status != 200);
    CHECK(duty.heard().empty());
    away = false;
    json::object report;
    REQUIRE(eventually([&] {
        const Reply reply = must(ask_to_reconcile(stage.port(), R"({"date":")" + date + "\"}"));
        if (reply.status == 200) report = body_of(reply);
        return reply.status == 200;
    }));
    CHECK(found(report) == each_kind(planted));
}

TEST_CASE("what is no day, or none yet, is refused, and a day that was never compared is not there") {
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    for (const std::string body :
         {R"({"date":"2026-02-30"})", R"({"date":"tomorrow"})", R"({"date":""})", R"({"date":20260101})", R"({"date":null})",
          R"({"date":"2026-1-1"})", R"({"date":"2026-01-01T00:00:00Z"})", "{}", R"({"date":"2026-01-01","force":true})"}) {
        INFO(body);
        check_problem(must(ask_to_reconcile(stage.port(), body)), 422, "validation_failed");
    }
    check_problem(must(ask_to_reconcile(stage.port(), R"({"date":")" + utc_day(1) + "\"}")), 422, "validation_failed");
    check_problem(must(ask_to_reconcile(stage.port(), R"({"date":"9999-12-31"})")), 422, "validation_failed");
    check_problem(stage.get("/admin/reconciliation/2026-01-01"), 404, "not_found");
    check_problem(must(ask_to_reconcile(stage.port(), "[")), 400, "invalid_json");
}

TEST_CASE("only who may administer may compare books and read reports") {
    const std::string date = utc_day();
    EventStage stage(false, unhurried());
    const std::string file = stage.folder.path() + "/keys.toml";
    {
        std::ofstream toml(file);
        toml << "[auth]\nkeys = [{id = \"ops\", hash = \"" << hash_of("key-of-the-operator-0123456789")
             << "\", scopes = [\"admin\"]},\n"
             << "{id = \"shop\", hash = \"" << hash_of("key-of-the-shop-0123456789abcd")
             << "\", scopes = [\"charge\", \"metrics\"]}]\n";
    }
    Program service({.arguments = {"serve", "--config", file}, .variables = stage.settings});
    REQUIRE(service.listening());
    const auto ask = [&](Call call, const std::string& key) {
        if (!key.empty()) call.headers["Authorization"] = "Bearer " + key;
        return must(request(service.port(), call));
    };
    const Call compare{.method = "POST", .path = "/admin/reconciliation", .body = R"({"date":")" + date + "\"}"};
    const Call read{.path = "/admin/reconciliation/" + date};
    for (const Call& call : {compare, read}) {
        check_problem(ask(call, ""), 401, "unauthenticated");
        check_problem(ask(call, "key-of-nobody-0123456789abcdef"), 401, "unauthenticated");
        check_problem(ask(call, "key-of-the-shop-0123456789abcd"), 403, "forbidden");
    }
    check_problem(ask(read, "key-of-the-operator-0123456789"), 404, "not_found");
    CHECK(ask(compare, "key-of-the-operator-0123456789").status == 200);
    CHECK(ask(read, "key-of-the-operator-0123456789").status == 200);
}
