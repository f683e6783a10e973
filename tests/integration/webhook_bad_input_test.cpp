// What comes to /webhook from those who may not send it, or send it wrongly: refused, and leaving no trace.
#include <catch2/catch.hpp>
#include <filesystem>

#include "integration/event_stage.hpp"
#include "signing/hmac.hpp"
#include "signing/signatures.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string good_body = event_body("evt_1", "payment.disputed", about("ch_nobody"));

std::string now_in_seconds() {
    return unix_seconds(SystemClock().wall());
}

/// The hexadecimal MAC of a "v1" under the sandbox's secret.
std::string mac_of(const std::string& time, const std::string& body) {
    return hex(hmac_sha256("whsec_sandbox", {time, ".", body}));
}

Reply post(const EventStage& stage, const std::string& signature, const std::string& body = good_body) {
    Call call{.method = "POST", .path = "/webhook", .body = body, .key = "", .headers = {}};
    if (!signature.empty()) call.headers["Stripe-Signature"] = signature;
    return must(request(stage.port(), call));
}

/// That nothing of the event is kept: the same id, well signed, is news.
void check_no_trace(const EventStage& stage, const std::string& id = "evt_1") {
    check_problem(stage.get("/admin/webhooks/" + id), 404, "not_found");
}

bool is_taken(const Reply& reply) {
    return reply.status == 200 && reply.body == R"({"received":true,"duplicate":false})";
}

/// The event's body as bytes of the connection, chunk by chunk.
std::string chunked(const std::string& body, std::size_t chunk) {
    std::string wire;
    for (std::size_t at = 0; at < body.size(); at += chunk) {
        const std::string piece = body.substr(at, chunk);
        char size[32];
        wire += std::string(size, static_cast<std::size_t>(std::snprintf(size, sizeof size, "%zx\r\n", piece.size()))) + piece;
        wire += "\r\n";
    }
    return wire + "0\r\n\r\n";
}

std::string chunked_head(const std::string& body) {
    return "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
           "Stripe-Signature: " +
           stripe_signature("whsec_sandbox", SystemClock().wall(), body) + "\r\n\r\n";
}

/// An event of exactly so many bytes.
std::string body_of_size(std::size_t size) {
    const std::string begin = R"({"id":"evt_large","type":"some.thing","data":{"text":")";
    return begin + std::string(size - begin.size() - 3, 'x') + "\"}}";
}

}  // namespace

TEST_CASE("a signature that does not fit, in whichever way, is 400 and leaves no trace in the archive") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string time = now_in_seconds();
    const std::string mac = mac_of(time, good_body);
    const std::string t = "t=" + time;
    std::string upside_down = mac;
    std::ranges::reverse(upside_down);
    const std::vector<std::string> wrong{
        "",
        " ",
        ",",
        "nonsense",
        t,
        t + ",",
        t + ",v1=",
        t + ",v0=" + mac,
        t + ",v1",
        "v1=" + mac,
        t + "," + t + ",v1=" + mac,
        t + ",v1=" + mac + "," + t,
        "t=,v1=" + mac,
        "t=now,v1=" + mac,
        "t=-" + time + ",v1=" + mac,
        "t=+" + time + ",v1=" + mac,
        "t= " + time + ",v1=" + mac,
        "t=" + time + ".0,v1=" + mac,
        "t=0x65,v1=" + mac,
        "t=99999999999999999999,v1=" + mac_of("99999999999999999999", good_body),
        "t=9223372036854775807,v1=" + mac_of("9223372036854775807", good_body),
        "t=" + std::string(2000, '9') + ",v1=" + mac_of(std::string(2000, '9'), good_body),
        t + ",v1=" + mac.substr(0, 62),
        t + ",v1=" + mac.substr(0, 63),
        t + ",v1=" + mac + "00",
        t + ",v1=" + std::string(64, '0'),
        t + ",v1=" + std::string(64, 'z'),
        t + ",v1=" + upside_down,
        t + ",v1=\"" + mac + "\"",
        t + ",v1==" + mac,
        t + ",v1=0x" + mac,
        stripe_signature("whsec_another", SystemClock().wall(), good_body),
        stripe_signature("", SystemClock().wall(), good_body),
        stripe_signature("whsec_sandbox", SystemClock().wall(), good_body + " "),
        stripe_signature("whsec_sandbox", SystemClock().wall(), ""),
    };
    for (const std::string& signature : wrong) {
        INFO("Stripe-Signature: " << signature);
        const Reply reply = post(stage, signature);
        const std::string code = reply.text("code");
        CHECK((code == "webhook_signature_invalid" || code == "webhook_timestamp_invalid"));
        check_problem(reply, 400, code);
        CHECK(reply.text("retriable") == "false");
    }
    check_no_trace(stage);
    CHECK(is_taken(post(stage, t + ",v1=" + mac)));
    CHECK(stage.comes_to("evt_1", "waiting"));
}

TEST_CASE("an event that is too old or too far ahead is 400 without a trace, and one within the tolerance is taken") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const auto now = SystemClock().wall();
    for (const auto off : {-310s, -600s, -3 * 86'400s, 330s, 86'400s}) {
        INFO(off.count() << " s");
        check_problem(must(request(stage.port(), signed_call(good_body, now + off))), 400, "webhook_timestamp_invalid");
    }
    check_problem(post(stage, "t=0,v1=" + mac_of("0", good_body)), 400, "webhook_timestamp_invalid");
    check_no_trace(stage);
    CHECK(is_taken(must(request(stage.port(), signed_call(good_body, now - 280s)))));
    const std::string ahead = event_body("evt_2", "some.thing", "{}");
    CHECK(is_taken(must(request(stage.port(), signed_call(ahead, now + 280s)))));
}

TEST_CASE("the one right signature counts behind a hundred wrong ones, and a header beyond the limit is 431") {
    EventStage stage(false);
    stage.start();
    const std::string time = now_in_seconds();
    std::string many = "t=" + time + ",v0=" + std::string(64, 'a');
    while (many.size() < 6000) many += ",v1=" + std::string(64, '0');
    CHECK(post(stage, many).text("code") == "webhook_signature_invalid");
    check_no_trace(stage);
    CHECK(is_taken(post(stage, many + ",v1=" + mac_of(time, good_body))));

    std::string thousand = "t=" + time;
    for (int i = 0; i < 1000; ++i) thousand += ",v1=" + std::string(64, '0');
    const Reply reply = post(stage, thousand + ",v1=" + mac_of(time, good_body));
    CHECK((reply.status == 431 || reply.status == 400 || reply.status == 200));
    CHECK(post(stage, std::string(200'000, 'x')).status == 431);
}

TEST_CASE("short entries by the thousand with the right one last are read within bounds") {
    EventStage stage(false);
    stage.start();
    const std::string time = now_in_seconds();
    std::string thousand = "t=" + time;
    for (int i = 0; i < 1000; ++i) thousand += ",v1=0";
    const Reply reply = post(stage, thousand + ",v1=" + mac_of(time, good_body));
    INFO(reply.body);
    CHECK((is_taken(reply) || reply.status == 400));
    CHECK(must(request(stage.port(), {.path = "/health/live"})).status == 200);
}

TEST_CASE("two signature headers are no signature") {
    EventStage stage(false);
    stage.start();
    const std::string right = stripe_signature("whsec_sandbox", SystemClock().wall(), good_body);
    const std::string wrong = stripe_signature("whsec_another", SystemClock().wall(), good_body);
    for (const auto& [first, second] : {std::pair(right, wrong), std::pair(wrong, right), std::pair(right, right)}) {
        const Connection connection(stage.port());
        REQUIRE(
            connection.send("POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            "Stripe-Signature: " +
                            first + "\r\nStripe-Signature: " + second +
                            "\r\nContent-Length: " + std::to_string(good_body.size()) + "\r\n\r\n" + good_body));
        check_problem(must(connection.read()), 400, "webhook_signature_invalid");
    }
    check_no_trace(stage);
}

TEST_CASE("a well signed body that is no event is 400 invalid_json") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string deep = std::string(40, '[') + std::string(40, ']');
    const std::vector<std::string> bodies{
        "",
        " ",
        "null",
        "17",
        "\"evt_1\"",
        "[]",
        R"([{"id":"evt_1","type":"a","data":{}}])",
        "{}",
        R"({"type":"payment.refunded","data":{}})",
        R"({"id":17,"type":"payment.refunded","data":{}})",
        R"({"id":null,"type":"payment.refunded","data":{}})",
        R"({"id":["evt_1"],"type":"payment.refunded","data":{}})",
        R"({"id":"","type":"payment.refunded","data":{}})",
        R"({"id":"evt_1","type":"a","data":{})",
        R"({"id":"evt_1","type":"a","data":{}}})",
        R"({"id":"evt_1","type":"a","data":{}} {})",
        R"({'id':'evt_1','type':'a'})",
        R"({"id":"evt_1","id":"evt_2","type":"a","data":{}})",
        R"({"id":"evt_1","type":"a","data":{"reference":"a","reference":"b"}})",
        "{\"id\":\"evt_1\",\"type\":\"a\xff\xfe\",\"data\":{}}",
        "{\"id\":\"evt_\xc0\xaf\",\"type\":\"a\",\"data\":{}}",
        "{\"id\":\"evt_\xed\xa0\x80\",\"type\":\"a\",\"data\":{}}",
        R"({"id":"evt_\ud800","type":"a","data":{}})",
        std::string("{\"id\":\"evt_1\0\",\"type\":\"a\",\"data\":{}}", 36),
        std::string("\0{\"id\":\"evt_1\"}", 15),
        R"({"id":"evt_1","type":"a","data":)" + deep + "}",
        R"({"id":"evt_1","type":"a","data":)" + std::string(100'000, '[') + "}",
        "\xef\xbb\xbf"
        R"({"id":"evt_1","type":"a","data":{}})",
        R"({"id":"evt_1","type":"a","data":{"amount":NaN}})",
        "id=evt_1&type=a",
    };
    for (const std::string& body : bodies) {
        INFO(body.substr(0, 100));
        check_problem(must(request(stage.port(), signed_call(body))), 400, "invalid_json");
    }
    check_no_trace(stage);
    check_no_trace(stage, "evt_2");
}

TEST_CASE("an id of strange characters is kept, found again percent-encoded, and known as a duplicate") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::vector<std::pair<std::string, std::string>> ids{{"evt 1/../2?x=1#", "evt%201%2F..%2F2%3Fx%3D1%23"},
                                                               {R"(\"\\')", "%22%5C'"},
                                                               {"gr\xc3\xbc\xc3\x9f", "gr%C3%BC%C3%9F"},
                                                               {"*{}:%2F", "*%7B%7D%3A%252F"},
                                                               {std::string(255, 'e'), std::string(255, 'e')}};
    for (const auto& [in_json, in_path] : ids) {
        const std::string body = event_body(in_json, "some.thing", "{}");
        INFO(body);
        CHECK(is_taken(must(request(stage.port(), signed_call(body)))));
        CHECK(must(request(stage.port(), signed_call(body))).text("duplicate") == "true");
        const Reply kept = stage.get("/admin/webhooks/" + in_path);
        CHECK(kept.status == 200);
        CHECK(kept.text("body") == body);
    }
}

TEST_CASE("an id that no sender has, too long or with control characters, is refused and not cut to another's") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string stem(255, 'e');
    for (const std::string& id : {stem + "1", stem + "2", std::string(60'000, 'e'), std::string("\\u0000"),
                                  std::string("evt_1\\r\\nSet-Cookie: a=b"), std::string("\\u0007")}) {
        INFO(id.substr(0, 300));
        check_problem(must(request(stage.port(), signed_call(event_body(id, "some.thing", "{}")))), 400, "invalid_json");
    }
    check_no_trace(stage, stem);
}

TEST_CASE("what is asked of webhooks in another way is refused with the way that there is") {
    EventStage stage(false);
    stage.start();
    const auto refused = [&](const std::string& method, const std::string& path) {
        const Reply reply = must(request(stage.port(), {.method = method, .path = path}));
        check_problem(reply, 405, "method_not_allowed");
        CHECK(reply.header("allow") == "POST, OPTIONS");
    };
    refused("GET", "/webhook");
    refused("GET", "/webhook/sandbox");
    refused("PUT", "/webhook");
    refused("DELETE", "/webhook/sandbox");
    for (const std::string path :
         {"/webhook/unknown", "/webhook/", "/webhook/sandbox/more", "/webhook/Sandbox", "/webhook/%73"}) {
        INFO(path);
        check_problem(must(request(stage.port(), signed_call(good_body, SystemClock().wall(), "whsec_sandbox", path))), 404,
                      "not_found");
    }
    check_no_trace(stage);
    for (const std::string path : {"/webhook/sandbox", "/webhook?a=1"}) {
        const std::string body = event_body("evt_" + std::to_string(path.size()), "some.thing", "{}");
        CHECK(is_taken(must(request(stage.port(), signed_call(body, SystemClock().wall(), "whsec_sandbox", path)))));
    }
}

TEST_CASE("an event of an unknown type is taken, archived and done, whatever else it says") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    int number = 0;
    for (const std::string rest :
         {R"("type":"customer.created","data":{})", R"("type":"payment.teleported","data":{"reference":"ch_1"})",
          R"("type":"payment_intent","data":[])", R"("type":"","data":null)", R"("type":"Payment.Refunded","data":{})"}) {
        const std::string id = "evt_" + std::to_string(++number);
        const std::string body = R"({"id":")" + id + R"(",)" + rest + "}";
        INFO(body);
        CHECK(is_taken(must(request(stage.port(), signed_call(body)))));
        CHECK(stage.comes_to(id, "done"));
    }
}

TEST_CASE("256 KiB in chunks of one byte are taken, and one byte more is 413") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string whole = body_of_size(262'144);
    const Connection connection(stage.port());
    REQUIRE(connection.send(chunked_head(whole) + chunked(whole, 1)));
    CHECK(is_taken(must(connection.read())));
    CHECK(stage.get("/admin/webhooks/evt_large").status == 200);
    CHECK(must(request(stage.port(), signed_call(whole))).text("duplicate") == "true");

    const std::string larger = body_of_size(262'145);
    check_problem(must(request(stage.port(), signed_call(larger))), 413, "body_too_large");
    const Connection another(stage.port());
    (void)another.send(chunked_head(larger) + chunked(larger, 1));
    check_problem(must(another.read()), 413, "body_too_large");
}

TEST_CASE("a card number in an event is found in no file of the store, no log, no answer") {
    const bool on_redis = GENERATE(false, true);
    const std::string visa = "4242424242424242";
    EventStage stage(on_redis, {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}, {"TOLLGATE_LOG_LEVEL", "trace"}});
    stage.start();
    std::string answers;
    int number = 0;
    for (const std::string& text : {visa, std::string("4242 4242 4242 4242"), std::string("4242-4242-4242-4242"),
                                    std::string("\\u00342424242424242\\u003242")}) {
        const std::string id = "evt_" + std::to_string(++number);
        const std::string data = R"({"reference":"ch_1","note":")" + text + R"(","amount":")" + text + "\"}";
        for (const std::string type : {"payment.refunded", "some.thing"}) {
            const Reply reply = must(request(stage.port(), signed_call(event_body(id + type, type, data))));
            CHECK(is_taken(reply));
            CHECK(stage.comes_to(id + type, type == "some.thing" ? "done" : "dead"));
            answers += stage.get("/admin/webhooks/" + id + type).body;
        }
    }
    // The number as the event's own id and type.
    (void)request(stage.port(), signed_call(event_body(visa, visa, "{}")));
    answers += stage.get("/admin/webhooks/" + visa).body + stage.get("/admin/dead-letters").body;
    const std::string log = stage.newest().said();
    CHECK(stage.newest().stop() == 0);
    std::vector<std::pair<std::string, std::string>> places{{"answers", answers}, {"log", log + stage.newest().said()}};
    const std::string folder = on_redis ? stage.redis->folder() : stage.folder.path();
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        if (file.is_regular_file()) places.emplace_back(file.path().string(), content_of(file.path().string()));
    }
    CHECK(places.size() > 2);
    for (const auto& [place, content] : places) {
        INFO(place);
        for (const std::string& text : {visa, std::string("4242 4242 4242"), std::string("4242-4242-4242")}) {
            CHECK(content.find(text) == content.npos);
        }
    }
}
