// Events that cannot be applied: they hold up nobody, somebody is called, and an operator replays them.
#include <catch2/catch.hpp>

#include "integration/event_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

const Variables two_tries{{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "2"}};

std::string today() {
    return to_rfc3339(SystemClock().wall()).substr(0, 10);
}

/// Takes pages and keeps their bodies.
class Pager {
public:
    [[nodiscard]] std::string url() const { return server_.url() + "/page"; }
    /// How many pages of this kind name this.
    [[nodiscard]] std::size_t pages(const std::string& kind, const std::string& named) const {
        const std::scoped_lock lock(mutex_);
        return static_cast<std::size_t>(std::ranges::count_if(bodies_, [&](const json::value& page) {
            return page.at("kind") == json::value(kind) && json::serialize(page).find(named) != std::string::npos;
        }));
    }

private:
    mutable std::mutex mutex_;
    std::vector<json::value> bodies_;
    ScriptedServer server_{[this](Peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            const std::scoped_lock lock(mutex_);
            bodies_.push_back(json::parse(request.substr(request.find("\r\n\r\n") + 4)));
            peer.answer(200, "");
        }
    }};
};

}  // namespace

TEST_CASE("a poison event in front of good ones holds none of them up, and ends as a dead letter that calls somebody") {
    Pager pager;
    EventStage stage(GENERATE(false, true), two_tries);
    stage.start({{"TOLLGATE_PAGE_URL", pager.url()}});
    const std::string id = stage.charge("key-1");
    const auto poison = stage.send("payment.refunded", about(id, R"(,"refund_id":"re_0","amount":"lots","currency":"USD")"));
    CHECK(poison.fresh());
    for (int number = 1; number <= 5; ++number) {
        CHECK(stage.tell("payment.refunded",
                         about(id, R"(,"refund_id":"re_)" + std::to_string(number) + R"(","amount":100,"currency":"USD")")));
    }
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "500");
    CHECK(stage.comes_to(poison.id, "dead"));
    const Reply archived = stage.get("/admin/webhooks/" + poison.id);
    CHECK(archived.text("failures") == "2");
    CHECK(archived.text("note").find("amount") != std::string::npos);

    const json::object letters = body_of(stage.get("/admin/dead-letters"));
    REQUIRE(letters.at("data").as_array().size() == 1);
    const json::object& letter = letters.at("data").as_array()[0].as_object();
    CHECK(letter.at("id") == json::value(archived.text("id")));
    CHECK(letter.at("event_id") == json::value(poison.id));
    CHECK(letter.at("source") == "sandbox");
    CHECK(letter.at("type") == "payment.refunded");
    CHECK(letter.at("note") == json::value(archived.text("note")));
    CHECK(letters.at("next_cursor").is_null());
    CHECK(eventually([&] { return pager.pages("dead_letter", archived.text("id")) == 1; }));
    CHECK(count_of(stage.newest().said(), "\"kind\":\"dead_letter\"") == 1);
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "500");

    // A copy of it is still a copy, and does not bring it back.
    CHECK(stage.send("payment.refunded", about(id), R"(,"id":")" + poison.id + "\"").duplicate());
    CHECK(stage.get("/admin/webhooks/" + poison.id).text("state") == "dead");
}

TEST_CASE("poison that is replayed as it is becomes a dead letter again, and one that is none is not replayed as such") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}});
    stage.start();
    const auto poison = stage.send("payment.voided", R"({"reference":17})");
    REQUIRE(stage.comes_to(poison.id, "dead"));
    const std::string by_our_id = "/admin/dead-letters/" + stage.get("/admin/webhooks/" + poison.id).text("id") + "/replay";
    CHECK(stage.post(by_our_id).status == 200);
    CHECK(eventually([&] { return count_of(stage.newest().said(), "\"kind\":\"dead_letter\"") == 2; }));
    CHECK(stage.comes_to(poison.id, "dead"));  // somebody is called before it is written
    CHECK(stage.post("/admin/dead-letters/" + poison.id + "/replay").status == 200);

    const auto good = stage.send("some.thing", "{}");
    CHECK(stage.comes_to(good.id, "done"));
    check_problem(stage.post("/admin/dead-letters/" + good.id + "/replay"), 409, "invalid_state");
    for (const std::string unknown : {"wh_0", "wh_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "evt_unknown", "evt_", "0", "%00"}) {
        INFO(unknown);
        check_problem(stage.post("/admin/dead-letters/" + unknown + "/replay"), 404, "not_found");
        check_problem(stage.post("/admin/webhooks/" + unknown + "/replay"), 404, "not_found");
        check_problem(stage.get("/admin/webhooks/" + unknown), 404, "not_found");
    }
}

TEST_CASE("an event or a whole day of them is replayed from the archive, and nothing happens twice") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string before_day = today();
    std::vector<std::string> events;
    for (int number = 1; number <= 8; ++number) {
        const auto sent = stage.send("payment.refunded", about(id, R"(,"refund_id":"re_)" + std::to_string(number) +
                                                                       R"(","amount":10,"currency":"USD")"));
        CHECK(sent.fresh());
        events.push_back(sent.id);
    }
    for (const std::string& event : events) CHECK(stage.comes_to(event, "done"));
    const Reply charge = stage.get("/charge/" + id);
    CHECK(charge.text("amount_refunded") == "80");
    const std::string first_settled = stage.get("/admin/webhooks/" + events[0]).text("settled_at");
    CHECK(stage.post("/admin/webhooks/" + events[0] + "/replay").status == 200);
    CHECK(eventually([&] {
        const std::string settled = stage.get("/admin/webhooks/" + events[0]).text("settled_at");
        return !settled.empty() && settled > first_settled;
    }));

    const std::string last_settled = stage.get("/admin/webhooks/" + events.back()).text("settled_at");
    const Reply replayed = stage.post("/admin/webhooks/" + today() + "/replay");
    CHECK(replayed.status == 200);
    if (today() == before_day) CHECK(replayed.text("replayed") == "8");
    for (const std::string& event : events) {
        CHECK(eventually([&] {
            const std::string settled = stage.get("/admin/webhooks/" + event).text("settled_at");
            return !settled.empty() && (settled > last_settled || today() != before_day);
        }));
    }
    CHECK(stage.get("/charge/" + id).body == charge.body);
    CHECK(stage.entries(id, "refund") == 8);
    CHECK(stage.post("/admin/webhooks/2020-02-03/replay").text("replayed") == "0");
    CHECK(stage.listener.heard(id).size() <= 9);
    for (const std::string day : {"2026-02-30", "2026-13-01", "20260101", "2026-1-1"}) {
        INFO(day);
        CHECK(stage.post("/admin/webhooks/" + day + "/replay").status / 100 == 4);
    }
}

TEST_CASE("dead letters are listed in pages, each once") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}});
    stage.start();
    std::vector<std::string> sent;
    for (int number = 0; number < 23; ++number) sent.push_back(stage.send("payment.voided", R"({"reference":17})").id);
    for (const std::string& event : sent) REQUIRE(stage.comes_to(event, "dead"));
    std::vector<std::string> listed;
    for (std::string cursor;;) {
        const json::object page = body_of(stage.get("/admin/dead-letters?limit=5&cursor=" + cursor));
        REQUIRE(page.at("data").as_array().size() <= 5);
        for (const json::value& letter : page.at("data").as_array()) listed.emplace_back(letter.at("event_id").as_string());
        if (page.at("next_cursor").is_null()) break;
        cursor = page.at("next_cursor").as_string();
        REQUIRE(listed.size() <= sent.size());
    }
    std::ranges::sort(sent);
    std::ranges::sort(listed);
    CHECK(listed == sent);
    for (const char* query : {"limit=0", "limit=101", "limit=ten", "limit=-1", "cursor=nonsense"}) {
        INFO(query);
        check_problem(stage.get(std::string("/admin/dead-letters?") + query), 400, "bad_request");
    }
}

TEST_CASE("webhooks need no key, and what is kept of them is shown to an operator only") {
    EventStage stage(false);
    const std::string operator_key = "key-of-the-operator-0123456789";
    const std::string shop_key = "key-of-the-shop-0123456789abcd";
    stage.start({{"TOLLGATE_AUTH_KEYS", R"([{id = "ops", hash = ")" + hash_of(operator_key) +
                                            R"(", scopes = ["admin"]}, {id = "shop", hash = ")" + hash_of(shop_key) +
                                            R"(", scopes = ["charge"]}])"}});
    const std::string body = event_body("evt_1", "some.thing", "{}");
    CHECK(must(request(stage.port(), signed_call(body))).status == 200);
    const auto ask = [&](const std::string& method, const std::string& path, const std::string& key) {
        Call call{.method = method, .path = path, .body = "", .key = "", .headers = {}};
        if (!key.empty()) call.headers["Authorization"] = "Bearer " + key;
        return must(request(stage.port(), call));
    };
    const std::vector<std::pair<std::string, std::string>> routes{{"GET", "/admin/dead-letters"},
                                                                  {"GET", "/admin/webhooks/evt_1"},
                                                                  {"POST", "/admin/webhooks/evt_1/replay"},
                                                                  {"POST", "/admin/webhooks/" + today() + "/replay"},
                                                                  {"POST", "/admin/dead-letters/evt_1/replay"}};
    for (const auto& [method, path] : routes) {
        INFO(method << " " << path);
        check_problem(ask(method, path, ""), 401, "unauthenticated");
        check_problem(ask(method, path, shop_key), 403, "forbidden");
        const int status = ask(method, path, operator_key).status;
        CHECK((status == 200 || (status == 409 && method == "POST")));
    }
}
