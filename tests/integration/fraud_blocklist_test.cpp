// Customers, countries and payment methods that nothing is sold to: refused before the gateway hears of them. Lists from the
// configuration and from files that change while the service runs.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A list beside the service, changed as its documentation asks: a new file takes the place of the old one.
struct ListFile {
    Folder folder;
    std::string path = folder.path() + "/blocked.txt";

    explicit ListFile(const std::string& content) { write(content); }
    void write(const std::string& content) const {
        std::ofstream(path + ".new", std::ios::binary) << content;
        std::filesystem::rename(path + ".new", path);
    }
    void remove() const { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string rule() const { return R"({kind = "blocklist", name = "listed", file = ")" + path + "\"}"; }
};

/// Buys order after order, to see who is refused at the moment.
struct Buyers {
    unsigned short port;
    std::string shop = "shop";
    int number = 0;

    bool refused(Order order) {
        order.id = shop + "-" + std::to_string(++number);
        const Reply reply = must(charge(port, order.id, order));
        INFO(reply.body);
        REQUIRE((reply.status == 201 || reply.text("code") == "fraud_blocked"));
        return reply.status == 402;
    }
    bool comes_to_be_refused(const Order& order) {
        return eventually([&] { return refused(order); });
    }
    bool comes_to_be_served(const Order& order) {
        return eventually([&] { return !refused(order); });
    }
};

const Order ann{};
const Order eve{.customer = "cus_eve", .email = "eve@example.com"};
const Order mallory{.customer = "cus_mallory", .email = "mallory@example.com"};

}  // namespace

TEST_CASE("a listed customer is refused for good, the goods are given back, and the gateway never hears of it") {
    EventStage stage(GENERATE(false, true), ruled_by(blocks_eve));
    const Overheard gateway(stage.sandbox->port());
    stage.start(gateway.settings());
    const Reply blocked = check_blocked(stage, "key-1", from_eve);
    const std::string id = blocked.text("id");
    CHECK(blocked.text("amount") == "4999");
    CHECK(blocked.text("gateway.authorization_id").empty());
    CHECK(blocked.text("gateway.capture_id").empty());
    CHECK(blocked.text("next_action").empty());
    CHECK(stage.effects() == never_asked);
    CHECK(gateway.asked().empty());
    CHECK(stage.shop_hears(id, "charge.declined"));
    CHECK(body_of(stage.get("/charge?status=blocked")).at("data").as_array().size() == 1);
    CHECK(stage.listener.heard(id).at(0).body.at("data").at("status") == "blocked");
    CHECK(stage.listener.heard(id).at(0).body.at("data").at("risk") == risk_of(blocked));

    for (const std::string kind : {"capture", "void", "refund", "confirm"}) {
        INFO(kind);
        check_problem(must(operate(stage.port(), {id, kind, "key-late"})), 409, "invalid_state");
    }
    stage.restart(gateway.settings());
    const Reply later = check_blocked(stage, "key-1", from_eve);
    CHECK(later.body == blocked.body);
    CHECK(stage.effects() == never_asked);
    CHECK(gateway.asked().empty());
}

TEST_CASE("a blocked charge is no duplicate of what comes next: its order may be paid by another") {
    EventStage stage(GENERATE(false, true), ruled_by(blocks_eve));
    stage.start();
    const std::string id = check_blocked(stage, "key-1", from_eve).text("id");
    CHECK(stage.charge("key-2") != id);
    CHECK(stage.effects() == never_asked + " " + whole_checkout);
    check_problem(must(charge(stage.port(), "key-3", from_eve)), 409, "probable_duplicate");  // of the one that is paid
}

TEST_CASE("a refusal names no rule's list and tells nobody which of their data is on it") {
    EventStage stage(false, ruled_by(R"({kind = "blocklist", emails = ["eve@example.com"], customers = ["cus_9"]})"));
    stage.start();
    const Reply refused = must(charge(stage.port(), "key-1", from_eve));
    CHECK(count_of(refused.body, "eve@example.com") == 0);
    const json::object risk = risk_of(stage.get("/charge/" + refused.text("charge_id")));
    CHECK(count_of(json::serialize(risk), "example.com") == 0);
    CHECK(count_of(stage.newest().said(), "eve@example.com") == 0);
}

TEST_CASE("emails are compared without case, all else as it is written, and a list's entries are whole") {
    EventStage stage(false, ruled_by(R"({kind = "blocklist", emails = ["Eve@Example.COM"], customers = ["cus_Bad"], )"
                                     R"(countries = ["KP", "IR"], payment_methods = ["tok_stolen"]})"));
    stage.start();
    Buyers buyers{stage.port()};
    for (const std::string email : {"Eve@Example.COM", "eve@example.com", "EVE@EXAMPLE.COM"}) {
        INFO(email);
        CHECK(buyers.refused({.email = email}));
    }
    CHECK(buyers.refused({.customer = "cus_Bad"}));
    CHECK(buyers.refused({.country = "KP"}));
    CHECK(buyers.refused({.country = "IR"}));
    CHECK(buyers.refused({.token = "tok_stolen"}));

    for (const std::string email : {"eve@example.com.au", "steve@example.com", "eve@example.co"}) {
        INFO(email);
        CHECK_FALSE(buyers.refused({.email = email}));
    }
    CHECK_FALSE(buyers.refused({.customer = "cus_bad"}));
    CHECK_FALSE(buyers.refused({.customer = "cus_Bad2"}));
    CHECK_FALSE(buyers.refused({.customer = "KP"}));
    CHECK_FALSE(buyers.refused({.country = "KR"}));
    CHECK_FALSE(buyers.refused({.token = "tok_stolen2"}));
    CHECK_FALSE(buyers.refused({.token = "TOK_STOLEN"}));
}

TEST_CASE("a file lists any of the four, one a line, with comments, empty lines and any end of line") {
    const ListFile list("# thieves\r\nEVE@example.com\r\n\r\n  cus_mallory  \n\nKP\n#cus_1\ntok_stolen");
    EventStage stage(false, ruled_by(list.rule()));
    stage.start();
    Buyers buyers{stage.port()};
    CHECK(buyers.refused(eve));
    CHECK(buyers.refused(mallory));
    CHECK(buyers.refused({.country = "KP"}));
    CHECK(buyers.refused({.token = "tok_stolen"}));
    CHECK_FALSE(buyers.refused(ann));
}

TEST_CASE("a list in the rule and one in its file are both in force") {
    const ListFile list("cus_mallory\n");
    EventStage stage(false, ruled_by(R"({kind = "blocklist", emails = ["eve@example.com"], file = ")" + list.path + "\"}"));
    stage.start();
    Buyers buyers{stage.port()};
    CHECK(buyers.refused(eve));
    CHECK(buyers.refused(mallory));
    CHECK_FALSE(buyers.refused(ann));
}

TEST_CASE("a file that changes is in force without a restart, in every process, and again after each change") {
    const ListFile list("eve@example.com\n");
    EventStage stage(true, ruled_by(list.rule()));
    stage.start();
    stage.start();
    Buyers buyers{stage.port()};
    REQUIRE(buyers.refused(eve));
    list.write("mallory@example.com\n");
    CHECK(buyers.comes_to_be_refused(mallory));
    CHECK_FALSE(buyers.refused(eve));
    Buyers elsewhere{stage.process(0).port(), "elsewhere"};
    CHECK(elsewhere.comes_to_be_refused(mallory));
    CHECK_FALSE(elsewhere.refused(eve));
    list.write("eve@example.com\nmallory@example.com\n");
    CHECK(buyers.comes_to_be_refused(eve));
    CHECK(buyers.refused(mallory));
    list.write("# nobody any more\n");
    CHECK(buyers.comes_to_be_served(eve));
    CHECK_FALSE(buyers.refused(mallory));
}

TEST_CASE("a list that is lost while the service runs stays in force until there is a good one again") {
    const ListFile list("eve@example.com\n");
    EventStage stage(false, ruled_by(list.rule()));
    stage.start();
    Buyers buyers{stage.port()};
    REQUIRE(buyers.refused(eve));
    const auto complained = [&] { return count_of(stage.newest().said(), list.path); };
    const auto before = complained();
    SECTION("removed") {
        list.remove();
    }
    SECTION("not to be read") {
        list.remove();
        std::filesystem::create_directory(list.path);
    }
    SECTION("too large") {
        std::ofstream(list.path + ".large") << "mallory@example.com\n";
        std::filesystem::resize_file(list.path + ".large", 1ULL << 30);  // takes no room
        std::filesystem::rename(list.path + ".large", list.path);
    }
    SECTION("a line too long") {
        list.write("mallory@example.com\n" + std::string(100'000, 'x') + "\n");
    }
    CHECK(eventually([&] { return complained() > before; }));
    CHECK(buyers.refused(eve));
    CHECK_FALSE(buyers.refused(mallory));
    CHECK(must(request(stage.port(), {.path = "/health/ready"})).status == 200);

    list.remove();
    list.write("mallory@example.com\n");
    CHECK(buyers.comes_to_be_refused(mallory));
    CHECK_FALSE(buyers.refused(eve));
}

TEST_CASE("a service whose blocklist cannot be read does not start, and says which it is") {
    const ListFile list("eve@example.com\n");
    list.remove();
    EventStage stage(false, ruled_by(list.rule()));
    Program service({.arguments = {"serve"}, .variables = stage.settings});
    CHECK_FALSE(service.listening());
    CHECK(service.wait() == 2);
    CHECK(count_of(service.said(), "TOLLGATE_FRAUD_RULES[0].file") == 1);
    CHECK(count_of(service.said(), "No such file") == 1);
}
