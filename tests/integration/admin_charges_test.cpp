// GET /admin/charges: an operator finds a charge by any of its names, whichever shop's it is.
#include <catch2/catch.hpp>

#include "integration/admin_stage.hpp"

using namespace tollgate::test;

namespace {

using Ids = std::vector<std::string>;

Reply search(const Firm& firm, const std::string& query) {
    const Reply reply = firm.get("ops", "/admin/charges?q=" + query);
    INFO(query << ": " << reply.body);
    REQUIRE(reply.status == 200);
    return reply;
}

Ids found(const Firm& firm, const std::string& query) {
    return charges_in(body_of(search(firm, query)));
}

Order order(const std::string& id, const std::string& customer = "cus_1") {
    return {.id = id, .customer = customer};
}

}  // namespace

TEST_CASE("a charge is found by its id, its saga's, each of its payment's at the gateway, its order's and its customer's") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis);
    const Reply charged = firm.charge("anna", "key-1", order("ord-A", "cus-A"));
    const std::string id = charged.text("id");
    const Reply other = firm.charge("bert", "key-1", order("ord-B", "cus-B"));
    const Reply given_back = firm.ask("ops", firm.refund(id, "key-2", R"({"amount":100})"));
    REQUIRE(given_back.status == 200);
    const Reply saga = firm.get("ops", "/admin/sagas/" + id);
    const std::string refund_id(body_of(saga).at("refunds").as_array().at(0).at("refund_id").as_string());

    for (const std::string& name :
         {id, "saga_" + id.substr(3), charged.text("gateway.authorization_id"), charged.text("gateway.capture_id"), refund_id,
          std::string("ord-A"), std::string("cus-A"), std::string("%20ord-A%09"), std::string("%20%20cus-A%20")}) {
        INFO(name);
        CHECK(found(firm, name) == Ids{id});
    }
    CHECK(found(firm, "cus-B") == Ids{other.text("id")});
    const json::object page = body_of(search(firm, "ord-A"));
    CHECK(page.at("next_cursor").is_null());
    const json::object& told = page.at("data").as_array().at(0).as_object();
    CHECK(told.at("tenant") == "anna");
    CHECK(told.at("order_id") == "ord-A");
    CHECK(told.at("customer_id") == "cus-A");
    CHECK(told.at("state") == "COMPLETED");
}

TEST_CASE("of an order or a customer of several shops each charge is found once, the newest first, page by page") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis);
    Ids newest_first;
    for (int i = 0; i < 7; ++i) {
        const std::string number = std::to_string(i);
        const Reply charged = firm.charge(i % 2 == 0 ? "anna" : "bert", "key-" + number, order("ord-" + number, "cus-7"));
        newest_first.insert(newest_first.begin(), charged.text("id"));
    }
    const std::string annas = firm.charge("anna", "key-a", order("ord-same", "cus-a")).text("id");
    const std::string berts = firm.charge("bert", "key-b", order("ord-same", "cus-b")).text("id");
    CHECK(found(firm, "ord-same") == Ids{berts, annas});

    Ids walked;
    std::string cursor;
    do {
        const json::object page = body_of(search(firm, "cus-7&limit=3&cursor=" + cursor));
        const Ids some = charges_in(page);
        CHECK(some.size() <= 3);
        walked.insert(walked.end(), some.begin(), some.end());
        const json::value& next = page.at("next_cursor");
        cursor = next.is_null() ? "" : std::string(next.as_string());
    } while (!cursor.empty() && walked.size() < 100);
    CHECK(walked == newest_first);
}

TEST_CASE("what is an order's id and a customer's finds the order, and a charge's id finds the charge alone") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis);
    const std::string first = firm.charge("anna", "key-1", order("ord-1", "twofold")).text("id");
    const std::string second = firm.charge("anna", "key-2", order("twofold", "cus-2")).text("id");
    CHECK(found(firm, "twofold") == Ids{second});
    const std::string named_like_it = firm.charge("bert", "key-3", order(first, "cus-3")).text("id");
    CHECK(found(firm, first) == Ids{first});
    CHECK(found(firm, "cus-3") == Ids{named_like_it});
}

TEST_CASE("a search for anything else finds nothing and harms nothing, and one for a card number is refused") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Firm firm(on_redis);
    const std::string id = firm.charge("anna", "key-1").text("id");
    for (const std::string& hostile : {std::string("ord_"),
                                       std::string("ORD_1"),
                                       std::string("%25"),
                                       std::string("ord%5F%25"),
                                       std::string("*"),
                                       std::string("%27%20OR%201=1--"),
                                       std::string("%00"),
                                       std::string("ord_1%00"),
                                       std::string("%FF%FE"),
                                       std::string("a%0D%0AX:1"),
                                       std::string("%7B%7D"),
                                       std::string("{x}"),
                                       std::string("%22%3Cscript%3E"),
                                       std::string("ch_"),
                                       std::string("saga_"),
                                       id.substr(0, id.size() - 1),
                                       id + "a",
                                       std::string("ch_%2e%2e%2f"),
                                       std::string(255, 'x'),
                                       std::string("%C3%A4").append(254, 'x')}) {
        INFO(hostile);
        const json::object page = body_of(search(firm, hostile));
        CHECK(page.at("data").as_array().empty());
        CHECK(page.at("next_cursor").is_null());
    }
    for (const char* query :
         {"", "?q=", "?q", "?q=%20%09", "?x=ord_1", "?q=ord_1&limit=0", "?q=ord_1&limit=", "?q=ord_1&limit=101",
          "?q=ord_1&limit=x", "?q=ord_1&cursor=x", "?q=ord_1&cursor=order:x", "?q=ord_1&cursor=customer:%00"}) {
        INFO(query);
        check_problem(firm.get("ops", std::string("/admin/charges") + query), 400, "bad_request");
    }
    check_problem(firm.get("ops", "/admin/charges?q=" + std::string(256, 'x')), 400, "bad_request");
    const Reply refused = firm.get("ops", "/admin/charges?q=4111%201111%201111-1111");
    check_problem(refused, 422, "pan_not_accepted");
    CHECK(refused.body.find("1111") == std::string::npos);
    CHECK(found(firm, "ord_1") == Ids{id});
}

TEST_CASE("only an operator searches, sees what needs a human and how the breakers stand, and gives money of others back") {
    const Firm firm(false);
    const std::string id = firm.charge("anna", "key-1").text("id");
    for (const std::string& path : {std::string("/admin/charges?q=ord_1"), std::string("/admin/attention"),
                                    std::string("/admin/breakers"), "/admin/charges/" + id + "/refund"}) {
        INFO(path);
        const bool refunds = path.ends_with("/refund");
        const Call call = refunds ? firm.refund(id, "key-2") : Call{.path = path};
        check_problem(firm.ask("", call), 401, "unauthenticated");
        check_problem(firm.ask("anna", call), 403, "forbidden");
        CHECK(firm.ask("ops", {.method = refunds ? "GET" : "POST", .path = path}).status == 405);
        if (!refunds) CHECK(firm.ask("ops", call).status == 200);
    }
    CHECK(firm.get("anna", "/charge/" + id).text("amount_refunded") == "0");
}
