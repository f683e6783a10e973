// What a gateway tells unasked, all the way: from a signed event to the charge, and on to the shop.
#include <catch2/catch.hpp>

#include "integration/event_stage.hpp"
#include "signing/hmac.hpp"
#include "signing/signatures.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const Order manual{.more = R"(,"capture":"manual")"};
const Order authenticated{.token = "tok_authentication_required"};

const std::string refund_of_1000 = R"(,"refund_id":"re_1","amount":1000,"currency":"USD")";

/// The id of the charge that this key makes, learned from another service on another store.
std::string id_to_come(const std::string& key, const Order& order = {}) {
    const Shop elsewhere;
    return must(elsewhere.charge(key, order)).text("id");
}

std::string replies_in_short(const std::vector<Reply>& replies) {
    std::string all;
    for (const Reply& reply : replies) all += std::to_string(reply.status) + " " + reply.body + "\n";
    return all;
}

}  // namespace

TEST_CASE("a refund made in the gateway's dashboard is on the charge, in its ledger, and told to the shop") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    CHECK(stage.tell("payment.refunded", about(id, refund_of_1000)));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.get("/charge/" + id).text("status") == "succeeded");
    CHECK(stage.entries(id, "refund") == 1);
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));
    const auto heard = stage.listener.heard(id);
    REQUIRE(heard.size() == 2);
    CHECK(heard[0].path == "POST /shop");
    CHECK(heard[0].body.at("data").at("amount_refunded") == 0);
    CHECK(heard[1].body.at("data").at("amount_refunded") == 1000);
    CHECK(heard[1].body.at("data") == json::parse(stage.get("/charge/" + id).body));

    // The same refund under another event's id is not another refund, and another refund is.
    CHECK(stage.tell("payment.refunded", about(id, refund_of_1000)));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.tell("payment.refunded", about(id, R"(,"refund_id":"re_2","amount":3999,"currency":"USD")")));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "4999");
    CHECK(stage.entries(id, "refund") == 2);
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded charge.refunded"));
    CHECK(stage.effects() == whole_checkout);
}

TEST_CASE("a refund of more than was captured, or in another currency, changes nothing and calls somebody") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}});
    stage.start();
    const std::string id = stage.charge("key-1");
    for (const std::string more :
         {R"(,"refund_id":"re_1","amount":5000,"currency":"USD")", R"(,"refund_id":"re_2","amount":1000,"currency":"EUR")"}) {
        INFO(more);
        const auto sent = stage.send("payment.refunded", about(id, more));
        CHECK(sent.fresh());
        CHECK(eventually([&] { return stage.get("/admin/webhooks/" + sent.id).text("state") != "waiting"; }));
        CHECK(eventually([&] {
            return stage.newest().said().find(sent.id) != std::string::npos ||
                   stage.newest().said().find(id) != std::string::npos;
        }));
    }
    CHECK(count_of(stage.newest().said(), "\"level\":\"critical\"") >= 2);
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "0");
    CHECK(stage.entries(id, "refund") == 0);
    CHECK(stage.shop_hears(id, "charge.succeeded"));
}

TEST_CASE("a disputed charge says so, and the shop is told once for each dispute") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string dispute = about(id, R"(,"amount":4999,"currency":"USD")");
    CHECK(stage.tell("payment.disputed", dispute));
    CHECK(stage.get("/charge/" + id).text("disputed") == "true");
    CHECK(stage.get("/charge/" + id).text("status") == "succeeded");
    CHECK(stage.shop_hears(id, "charge.succeeded charge.disputed"));
}

TEST_CASE("a capture made at the gateway ships the manual charge, and is not made again") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1", manual);
    const std::string authorization = stage.get("/charge/" + id).text("gateway.authorization_id");
    CHECK(stage.effects() == "reserve authorize");
    CHECK(stage.tell("payment.captured", about(id, R"(,"authorization_id":")" + authorization +
                                                       R"(","capture_id":"cap_dashboard","amount":4999,"currency":"USD")")));
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(stage.get("/charge/" + id).text("gateway.capture_id") == "cap_dashboard");
    CHECK(stage.shop_hears(id, "charge.succeeded"));
    CHECK(stage.effects() == "reserve authorize ship");
    CHECK(stage.entries(id, "capture") == 1);
}

TEST_CASE("a void made at the gateway cancels the manual charge and gives the goods back") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1", manual);
    const std::string authorization = stage.get("/charge/" + id).text("gateway.authorization_id");
    CHECK(stage.tell("payment.voided", about(id, R"(,"authorization_id":")" + authorization + "\"")));
    CHECK(stage.becomes(id, "canceled"));
    CHECK(stage.shop_hears(id, "charge.reversed"));
    CHECK(eventually([&] { return stage.effects() == "reserve authorize release"; }));
}

TEST_CASE("a customer who authenticated is believed by the webhook alone, and the checkout goes on") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1", authenticated, 202);
    CHECK(stage.shop_hears(id, "charge.requires_action"));
    CHECK(stage.tell("payment.action_completed", about(id)));
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(stage.shop_hears(id, "charge.requires_action charge.succeeded"));
    CHECK(stage.effects() == whole_checkout);
    const Reply answer = settled_charge(stage.port(), "key-1", authenticated);
    CHECK(answer.status == 201);
    CHECK(answer.text("id") == id);
}

TEST_CASE("several events that say the same, at once and under ids of their own, resume a checkout once") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    for (int round = 1; round <= 3; ++round) {
        Order order = authenticated;
        order.id = "ord_" + std::to_string(round);
        const std::string id = stage.charge("key-" + std::to_string(round), order, 202);
        const auto event_id = [&](int copy) { return "evt_" + order.id + "_" + std::to_string(copy); };
        std::vector<std::jthread> at_once;
        for (int copy = 0; copy < 5; ++copy) {
            at_once.emplace_back([&, copy] {
                (void)request(stage.port(), signed_call(event_body(event_id(copy), "payment.action_completed", about(id))));
            });
        }
        at_once.clear();
        CHECK(stage.becomes(id, "succeeded"));
        for (int copy = 0; copy < 5; ++copy) CHECK(stage.comes_to(event_id(copy), "done"));
        CHECK(stage.effects(order.id) == whole_checkout);
        CHECK(stage.shop_hears(id, "charge.requires_action charge.succeeded"));
    }
}

TEST_CASE("a payment that fails while its customer authenticates is declined, and the goods are free again") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1", authenticated, 202);
    CHECK(stage.tell("payment.failed", about(id)));
    CHECK(stage.becomes(id, "declined"));
    CHECK(stage.shop_hears(id, "charge.requires_action charge.declined"));
    CHECK(eventually([&] { return stage.effects() == "reserve release"; }));
    check_problem(settled_charge(stage.port(), "key-1", authenticated), 402, "card_declined");
}

TEST_CASE("an authorization of unknown outcome is settled by the webhook, and the gateway is not asked to act again") {
    EventStage stage(GENERATE(false, true));
    std::atomic<int> authorizations{0};
    std::atomic<bool> tells{false};
    // Acts, and then says nothing but 500, look-ups included.
    ScriptedServer gateway([&](Peer& peer) {
        for (std::string wire; !(wire = peer.read_request()).empty();) {
            const bool authorizes = wire.starts_with("POST /v1/authorize");
            authorizations += authorizes ? 1 : 0;
            const Connection outside(stage.sandbox->port());
            if (!outside.open() || !outside.send(wire)) return;
            const auto truth = outside.read();
            if (!truth) return;
            if (authorizes || (wire.starts_with("GET /v1/operations/") && !tells)) {
                peer.answer(500, "{}");
            } else {
                peer.answer(truth->status, truth->body);
            }
        }
    });
    stage.start({{"TOLLGATE_GATEWAY_URL", gateway.url()},
                 {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"},
                 {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1000"}});
    const std::string id = stage.charge("key-1", {}, 202);
    CHECK(stage.get("/charge/" + id).text("status") == "processing");
    const auto effects = outside_ledger(stage.sandbox->port(), "ord_1")["ord_1"];
    REQUIRE(types(effects) == "reserve authorize");
    const std::string data = about(id, R"(,"authorization_id":")" + effects[1].id + R"(","amount":4999,"currency":"USD")");
    const int so_far = authorizations;
    CHECK(stage.send("payment.authorized", data).fresh());
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(authorizations == so_far);
    CHECK(stage.get("/charge/" + id).text("gateway.authorization_id") == effects[1].id);
    CHECK(stage.effects() == whole_checkout);
    CHECK(stage.shop_hears(id, "charge.succeeded"));
    CHECK(stage.entries(id, "authorize") == 1);
}

TEST_CASE("fifty copies of an event at once are taken once and answered as copies otherwise, by two processes as well") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis);
    std::vector<unsigned short> ports;
    for (int i = 0; i < (on_redis ? 2 : 1); ++i) ports.push_back(stage.start().port());
    const std::string id = stage.charge("key-1");
    const std::string body = event_body("evt_1", "payment.refunded", about(id, refund_of_1000));
    std::vector<std::future<std::optional<Reply>>> copies;
    for (std::size_t i = 0; i < 50; ++i) {
        copies.push_back(std::async(std::launch::async, [&, i] {
            return request(ports[i % ports.size()], signed_call(body, SystemClock().wall() - std::chrono::seconds(i)));
        }));
    }
    std::vector<Reply> replies;
    for (auto& copy : copies) replies.push_back(must(copy.get()));
    INFO(replies_in_short(replies));
    CHECK(std::ranges::count(replies, R"({"received":true,"duplicate":false})", &Reply::body) == 1);
    CHECK(std::ranges::count(replies, R"({"received":true,"duplicate":true})", &Reply::body) == 49);
    CHECK(std::ranges::count(replies, 200, &Reply::status) == 50);
    CHECK(stage.comes_to("evt_1", "done"));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.entries(id, "refund") == 1);
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));
}

TEST_CASE("twenty refunds of one charge that are told at once do not keep each other waiting, by two processes as well") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis);
    std::vector<unsigned short> ports;
    for (int i = 0; i < (on_redis ? 2 : 1); ++i) ports.push_back(stage.start().port());
    const std::string id = stage.charge("key-1");
    std::vector<std::future<std::optional<Reply>>> replies;
    for (std::size_t i = 0; i < 20; ++i) {
        const std::string number = std::to_string(i);
        const std::string data = about(id, R"(,"amount":10,"currency":"USD","refund_id":"re_)" + number + '"');
        replies.push_back(std::async(std::launch::async, [&, i, body = event_body("evt_" + number, "payment.refunded", data)] {
            return request(ports[i % ports.size()], signed_call(body));
        }));
    }
    for (auto& reply : replies) CHECK(must(reply.get()).text("duplicate") == "false");
    CHECK(eventually([&] { return stage.get("/charge/" + id).text("amount_refunded") == "200"; }));
    CHECK(stage.entries(id, "refund") == 20);
}

TEST_CASE("a copy with a new signature is a duplicate also after a restart, and a late one with its old time is refused") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    const auto sent = stage.send("payment.refunded", about(id, refund_of_1000));
    REQUIRE(sent.fresh());
    CHECK(stage.comes_to(sent.id, "done"));
    const std::string body = stage.get("/admin/webhooks/" + sent.id).text("body");
    stage.restart();
    const auto now = SystemClock().wall();
    for (const auto off : {0s, -200s, 200s}) {
        const Reply again = must(request(stage.port(), signed_call(body, now + off)));
        CHECK(again.status == 200);
        CHECK(again.text("duplicate") == "true");
    }
    for (const auto off : {-600s, -3 * 86'400s}) {
        check_problem(must(request(stage.port(), signed_call(body, now + off))), 400, "webhook_timestamp_invalid");
    }
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.entries(id, "refund") == 1);
}

TEST_CASE("an id that comes back with another body counts as it came first, and somebody is told") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string first = event_body("evt_1", "payment.refunded", about(id, refund_of_1000));
    const std::string other =
        event_body("evt_1", "payment.refunded", about(id, R"(,"refund_id":"re_9","amount":2000,"currency":"USD")"));
    CHECK(must(request(stage.port(), signed_call(first))).text("duplicate") == "false");
    CHECK(stage.comes_to("evt_1", "done"));
    CHECK(must(request(stage.port(), signed_call(other))).text("duplicate") == "true");
    CHECK(eventually([&] { return count_of(stage.newest().said(), "\"kind\":\"echo_mismatch\"") == 1; }));
    CHECK(stage.get("/admin/webhooks/evt_1").text("body") == first);
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
}

TEST_CASE("an event that precedes its charge waits, and is applied when the charge comes") {
    const std::string id = id_to_come("key-1");
    EventStage stage(GENERATE(false, true));
    stage.start();
    const auto sent = stage.send("payment.refunded", about(id, refund_of_1000));
    CHECK(sent.fresh());
    check_problem(stage.get("/charge/" + id), 404, "not_found");
    CHECK(stage.comes_to(sent.id, "waiting"));
    REQUIRE(stage.charge("key-1") == id);
    CHECK(stage.comes_to(sent.id, "done"));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));
}

TEST_CASE("news that is old changes nothing: neither a success nor a refund nor a decline is taken back") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    CHECK(stage.tell("payment.refunded", about(id, refund_of_1000)));
    const Reply before = stage.get("/charge/" + id);
    const std::string ids = R"(,"authorization_id":")" + before.text("gateway.authorization_id") + R"(","capture_id":")" +
                            before.text("gateway.capture_id") + R"(","amount":4999,"currency":"USD")";
    for (const std::string type : {"payment.authorized", "payment.captured", "payment.action_completed", "payment.failed"}) {
        INFO(type);
        const auto sent = stage.send(type, about(id, ids));
        CHECK(sent.fresh());
        CHECK(eventually([&] { return stage.get("/admin/webhooks/" + sent.id).text("state") != "waiting"; }));
        CHECK(stage.get("/charge/" + id).body == before.body);
    }
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));

    const std::string declined = stage.charge("key-2", {.id = "ord_2", .token = "tok_declined"}, 402);
    for (const std::string type : {"payment.failed", "payment.action_completed"}) {
        CHECK(stage.tell(type, about(declined)));
        CHECK(stage.get("/charge/" + declined).text("status") == "declined");
    }
    CHECK(stage.shop_hears(declined, "charge.declined"));
    CHECK(stage.effects("ord_2") == "reserve release");
}

TEST_CASE("an event without a reference finds its charge by what the gateway called it") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    const Reply charge = stage.get("/charge/" + id);
    CHECK(stage.tell("payment.refunded", R"({"capture_id":")" + charge.text("gateway.capture_id") +
                                             R"(","refund_id":"re_1","amount":1000,"currency":"USD"})"));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.tell("payment.disputed", R"({"authorization_id":")" + charge.text("gateway.authorization_id") +
                                             R"(","amount":4999,"currency":"USD"})"));
    CHECK(stage.get("/charge/" + id).text("disputed") == "true");
}

TEST_CASE("Stripe's own events travel to the charge as the sandbox's do") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1", authenticated, 202);
    CHECK(stage.tell(
        "payment_intent.payment_failed",
        R"({"object":{"id":"pi_1","object":"payment_intent","amount":4999,"currency":"usd","metadata":{"reference":")" + id +
            R"("},"last_payment_error":{"code":"card_declined","decline_code":"insufficient_funds"}}})"));
    CHECK(stage.becomes(id, "declined"));
}

TEST_CASE("each source is verified by its own scheme under its own path, and the first one without a name as well") {
    const std::string standard_secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    // Adyen's published example: "HMAC signature verification", its key, item and signature.
    const std::string adyen_key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    EventStage stage(GENERATE(false, true),
                     {{"TOLLGATE_WEBHOOK_SOURCES",
                       R"([{name = "std", scheme = "standard", secrets = [")" + standard_secret +
                           R"("]}, {name = "ady", scheme = "adyen", secrets = [")" + adyen_key +
                           R"("]}, {name = "stripe", scheme = "stripe", secrets = ["whsec_new", "whsec_old"]}])"}});
    stage.start();
    const std::string id = stage.charge("key-1");
    int number = 0;
    const auto standard = [&](const std::string& path, const std::string& secret) {
        const std::string event = "msg_" + std::to_string(++number);
        const std::string body = event_body(event, "payment.refunded",
                                            about(id, R"(,"refund_id":"re_)" + event + R"(","amount":100,"currency":"USD")"));
        const std::string at = unix_seconds(SystemClock().wall());
        return must(request(
            stage.port(),
            {.method = "POST",
             .path = path,
             .body = body,
             .key = "",
             .headers = {{"webhook-id", event},
                         {"webhook-timestamp", at},
                         {"webhook-signature",
                          "v1,bm9uc2Vuc2U= v2,x " + standard_signature(standard_key(secret).value(), event, at, body)}}}));
    };
    CHECK(standard("/webhook", standard_secret).text("duplicate") == "false");
    CHECK(standard("/webhook/std", standard_secret).text("duplicate") == "false");
    check_problem(standard("/webhook/std", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 400, "webhook_signature_invalid");
    check_problem(standard("/webhook/stripe", standard_secret), 400, "webhook_signature_invalid");
    check_problem(standard("/webhook/ady", standard_secret), 400, "webhook_signature_invalid");
    CHECK(stage.comes_to("msg_1", "done"));
    CHECK(stage.comes_to("msg_2", "done"));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "200");

    for (const std::string secret : {"whsec_new", "whsec_old"}) {
        const std::string body = event_body("evt_" + secret, "some.thing", "{}");
        CHECK(must(request(stage.port(), signed_call(body, SystemClock().wall(), secret, "/webhook/stripe"))).status == 200);
        check_problem(must(request(stage.port(), signed_call(body, SystemClock().wall(), secret, "/webhook"))), 400,
                      "webhook_signature_invalid");
    }
    const std::string body = event_body("evt_2", "some.thing", "{}");
    check_problem(must(request(stage.port(), signed_call(body, SystemClock().wall(), "whsec_older", "/webhook/stripe"))), 400,
                  "webhook_signature_invalid");

    const auto adyen = [&](const std::string& amount, const std::string& signature) {
        return must(request(
            stage.port(),
            {.method = "POST",
             .path = "/webhook/ady",
             .body = R"({"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":")" +
                     signature + R"("},"amount":{"value":)" + amount +
                     R"(,"currency":"EUR"},"pspReference":"7914073381342284","eventCode":"AUTHORISATION",)"
                     R"("eventDate":"2019-05-06T17:15:34.121+02:00","merchantAccountCode":"TestMerchant",)"
                     R"("operations":["CANCEL","CAPTURE","REFUND"],"merchantReference":"TestPayment-1407325143704",)"
                     R"("paymentMethod":"visa","success":"true"}}]})"}));
    };
    const std::string published = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=";
    check_problem(adyen("1131", published), 400, "webhook_signature_invalid");
    CHECK(adyen("1130", published).status == 200);
    CHECK(adyen("1130", published).text("duplicate") == "true");
    CHECK(stage.get("/admin/webhooks/AUTHORISATION%3A7914073381342284").status == 200);
}

TEST_CASE("an event of Adyen's about our charge settles it") {
    const std::string key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    EventStage stage(GENERATE(false, true),
                     {{"TOLLGATE_WEBHOOK_SOURCES", R"([{name = "ady", scheme = "adyen", secrets = [")" + key + R"("]}])"}});
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string original = stage.get("/charge/" + id).text("gateway.authorization_id");
    // Adyen: the eight fields, "\" and ":" escaped, joined by ":".
    const std::string signed_text = "psp_1:" + original + ":TestMerchant:" + id + ":1000:USD:REFUND:true";
    const Mac mac = hmac_sha256(*from_hex(key), {signed_text});
    const std::string signature = base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
    const Reply reply = must(request(
        stage.port(),
        {.method = "POST",
         .path = "/webhook",
         .body = R"({"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":")" +
                 signature + R"("},"amount":{"value":1000,"currency":"USD"},"pspReference":"psp_1","originalReference":")" +
                 original +
                 R"(","eventCode":"REFUND","eventDate":"2026-11-22T17:15:34+01:00",)"
                 R"("merchantAccountCode":"TestMerchant","merchantReference":")" +
                 id + R"(","success":"true"}}]})"}));
    INFO(reply.body);
    CHECK(reply.status == 200);
    CHECK(stage.comes_to("REFUND%3Apsp_1", "done"));
    INFO(stage.get("/admin/webhooks/REFUND%3Apsp_1").body);
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.entries(id, "refund") == 1);
}
