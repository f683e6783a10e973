#include "integration/console_desk.hpp"

#include <catch2/catch.hpp>
#include <exception>

namespace tollgate::test {

const std::string Desk::operator_key = "the-operators-own-long-key-0001";
const std::string Desk::other_key = "another-operators-long-key-0002";
const std::string Desk::shop_key = "the-shops-own-long-key-0000001";

namespace {

Variables key_settings() {
    const auto key = [](const std::string& id, const std::string& text, const std::string& scope) {
        return "{id = \"" + id + "\", hash = \"" + hash_of(text) + "\", scopes = [\"" + scope + "\"]}";
    };
    return {{"TOLLGATE_AUTH_KEYS", "[" + key("olga", Desk::operator_key, "admin") + ", " +
                                       key("omar", Desk::other_key, "admin") + ", " + key("acme", Desk::shop_key, "charge") +
                                       "]"}};
}

Variables by_hand_only(Variables more) {
    more.insert({{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"},
                 {"TOLLGATE_SAGA_COMPENSATION_DELAY", "60s"},
                 {"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}});
    return more;
}

}  // namespace

Desk::Desk(Keys keys, Variables more)
    : stage(false, by_hand_only(std::move(more))),
      gate_(stage.sandbox->port(),
            [this](int, bool acted, const std::string& path) {
                return acted || !broken || (path != "/v1/void" && path != "/v1/refund");
            }),
      keys_(keys == Keys::some) {
    Variables settings = keys_ ? key_settings() : Variables{};
    settings["TOLLGATE_GATEWAY_URL"] = gate_.url();  // what is asked of inventory and shipping goes straight there
    stage.start(std::move(settings));
}

Desk::~Desk() {
    if (std::uncaught_exceptions() > 0) return;  // what went wrong is known
    for (const std::string& line : browser.complaints()) {
        INFO(line);
        const bool expected =
            line.find("status of 401") != line.npos || (!expected_.empty() && line.find(expected_) != line.npos);
        CHECK(expected);
    }
    const std::string here = "http://127.0.0.1:";
    for (const std::string& address : browser.asked_for()) {
        INFO(address);
        CHECK((address.starts_with(here) || address.starts_with("data:") || address.starts_with("about:")));
    }
}

std::string Desk::charge(const Order& order, int status) const {
    Call call{.method = "POST", .path = "/charge", .body = charge_body(order), .key = "key-of-" + order.id.substr(0, 40)};
    for (char& c : call.key)
        if (c <= ' ' || c > '~' || c == '"') c = '-';
    if (keys_) call.headers["Authorization"] = "Bearer " + shop_key;
    const Reply answer = must(request(stage.port(), call));
    INFO(answer.body);
    REQUIRE(answer.status == status);
    return answer.text(status < 300 ? "id" : "charge_id");
}

std::string Desk::stuck_charge(const Order& order) {
    broken = true;
    return charge(order, 500);
}

std::string Desk::status(const std::string& charge_id) const {
    Call call{.path = "/charge/" + charge_id};
    if (keys_) call.headers["Authorization"] = "Bearer " + shop_key;
    return must(request(stage.port(), call)).text("status");
}

void Desk::open(const std::string& address) {
    browser.open("http://127.0.0.1:" + std::to_string(stage.port()) + address);
}

void Desk::log_in(const std::string& key) {
    browser.fill("input[type=password]", key);
    browser.click("button", "Log in");
}

}  // namespace tollgate::test
