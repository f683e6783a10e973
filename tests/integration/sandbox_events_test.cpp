// POST /sandbox/events: events as a gateway would send them, on demand.
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "signing/signatures.hpp"
#include "support/client.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"

using namespace tollgate;
using namespace tollgate::test;
namespace json = boost::json;

namespace {

/// Keeps what it is sent, and answers this.
struct Receiver {
    std::mutex mutex;
    std::vector<std::string> requests;
    int status = 200;
    std::string answer = R"({"received":true,"duplicate":false})";
    ScriptedServer server{[this](Peer& peer) {
        for (std::string one = peer.read_request(); !one.empty(); one = peer.read_request()) {
            const std::scoped_lock lock(mutex);
            requests.push_back(std::move(one));
            peer.answer(status, answer);
        }
    }};

    [[nodiscard]] std::string url() const { return server.url() + "/webhook/sandbox?a=1"; }
    [[nodiscard]] std::string only() {
        const std::scoped_lock lock(mutex);
        REQUIRE(requests.size() == 1);
        return requests.front();
    }
};

std::string header_in(const std::string& request, const std::string& name) {
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

std::string body_in(const std::string& request) {
    return request.substr(request.find("\r\n\r\n") + 4);
}

Reply send(const Program& sandbox, const std::string& body) {
    const auto reply = request(sandbox.port(), {.method = "POST", .path = "/sandbox/events", .body = body});
    REQUIRE(reply);
    return *reply;
}

std::string event_for(const std::string& url, const std::string& more = "") {
    return R"({"url":")" + url + R"(","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}})" + more + "}";
}

WallTime signed_at(const std::string& signature) {
    return WallTime(std::chrono::seconds(std::stoll(signature.substr(signature.find("t=") + 2))));
}

}  // namespace

TEST_CASE("the sandbox sends an event as Stripe would, signed over its bytes just now, and tells what came back") {
    Receiver receiver;
    const auto sandbox = start_sandbox();
    const auto told = send(*sandbox, event_for(receiver.url()));
    CHECK(told.status == 200);
    const auto answer = json::parse(told.body);
    CHECK(answer.at("status") == 200);
    CHECK(answer.at("body").at("duplicate") == false);

    const std::string seen = receiver.only();
    CHECK(seen.starts_with("POST /webhook/sandbox?a=1 HTTP/1.1\r\n"));
    CHECK(header_in(seen, "Content-Type") == "application/json");
    const std::string body = body_in(seen);
    const std::string signature = header_in(seen, "Stripe-Signature");
    const WallTime at = signed_at(signature);
    CHECK(signature == stripe_signature("whsec_sandbox", at, body));
    CHECK(std::chrono::abs(SystemClock().wall() - at) < std::chrono::seconds(30));

    const auto event = json::parse(body);
    CHECK(event.at("id") == answer.at("id"));
    CHECK(event.at("id").as_string().starts_with("evt_"));
    CHECK(event.at("type") == "payment_intent.succeeded");
    CHECK(event.at("created") == std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
    CHECK(event.at("data").at("object").at("id") == "pi_1");
}

TEST_CASE("two events have two ids, and a duplicate is sent by naming one") {
    Receiver receiver;
    const auto sandbox = start_sandbox();
    const auto first = send(*sandbox, event_for(receiver.url()));
    const auto second = send(*sandbox, event_for(receiver.url()));
    CHECK(first.text("id") != second.text("id"));
    const auto again = send(*sandbox, event_for(receiver.url(), R"(,"id":")" + first.text("id") + "\""));
    CHECK(again.text("id") == first.text("id"));
    CHECK(json::parse(body_in(receiver.requests.back())).at("id") == json::value(first.text("id")));
}

TEST_CASE("an event is stale or wrongly signed where a test asks for it") {
    Receiver receiver;
    const auto sandbox = start_sandbox();
    CHECK(send(*sandbox, event_for(receiver.url(), R"(,"created":1614265330,"secret":"another")")).status == 200);
    const std::string seen = receiver.only();
    CHECK(json::parse(body_in(seen)).at("created") == 1'614'265'330);
    CHECK(header_in(seen, "Stripe-Signature") ==
          stripe_signature("another", WallTime(std::chrono::seconds(1'614'265'330)), body_in(seen)));
}

TEST_CASE("whatever the target answers is told, text as text") {
    Receiver receiver;
    const auto sandbox = start_sandbox();
    receiver.status = 503;
    receiver.answer = "gr\xc3\xbc\xc3\x9f \"dich\"";
    auto answer = json::parse(send(*sandbox, event_for(receiver.url())).body);
    CHECK(answer.at("status") == 503);
    CHECK(answer.at("body") == json::value(receiver.answer));
    receiver.answer = "\xff\xfe";
    answer = json::parse(send(*sandbox, event_for(receiver.url())).body);
    CHECK(answer.at("body") == "(not UTF-8)");
    receiver.answer = "";
    answer = json::parse(send(*sandbox, event_for(receiver.url())).body);
    CHECK(answer.at("body") == "");
}

TEST_CASE("a target that cannot be reached or cuts the connection is 502 with the reason") {
    const auto sandbox = start_sandbox();
    const auto nobody = "http://127.0.0.1:" + std::to_string(ScriptedServer::dead_port()) + "/webhook";
    auto told = send(*sandbox, event_for(nobody));
    CHECK(told.status == 502);
    CHECK(told.text("code") == "gateway_error");
    CHECK(told.text("detail").find("cannot be reached") != std::string::npos);

    ScriptedServer cutting([](Peer& peer) { peer.read_request(); });
    told = send(*sandbox, event_for(cutting.url()));
    CHECK(told.status == 502);
    CHECK(told.text("detail").find("closed the connection") != std::string::npos);
}

TEST_CASE("data of 256 KiB arrives whole") {
    Receiver receiver;
    const auto sandbox = start_sandbox();
    const std::string large(262'144, 'x');
    const std::string body = R"({"url":")" + receiver.url() + R"(","type":"a.b","data":{"text":")" + large + "\"}}";
    CHECK(send(*sandbox, body).status == 200);
    CHECK(json::parse(body_in(receiver.only())).at("data").at("text") == json::value(large));
}

TEST_CASE("an event that cannot be sent is refused with the member that is wrong") {
    const auto [body, member] = GENERATE(table<std::string, std::string>({
        {"[]", "object"},
        {R"({"type":"a","data":{}})", "url"},
        {R"({"url":7,"type":"a","data":{}})", "url"},
        {R"({"url":"ftp://127.0.0.1/","type":"a","data":{}})", "url"},
        {R"({"url":"http://me:secret@127.0.0.1/","type":"a","data":{}})", "url"},
        {R"({"url":"http://127.0.0.1/#top","type":"a","data":{}})", "url"},
        {R"({"url":"http://127.0.0.1:99999/","type":"a","data":{}})", "url"},
        {R"({"url":"http://127.0.0.1/a b","type":"a","data":{}})", "url"},
        {R"({"url":"http://127.0.0.1/","data":{}})", "type"},
        {R"({"url":"http://127.0.0.1/","type":"","data":{}})", "type"},
        {R"({"url":"http://127.0.0.1/","type":"a"})", "data"},
        {R"({"url":"http://127.0.0.1/","type":"a","data":[]})", "data"},
        {R"({"url":"http://127.0.0.1/","type":"a","data":{},"id":""})", "id"},
        {R"({"url":"http://127.0.0.1/","type":"a","data":{},"secret":1})", "secret"},
        {R"({"url":"http://127.0.0.1/","type":"a","data":{},"created":"now"})", "created"},
        {R"({"url":"http://127.0.0.1/","type":"a","data":{},"created":-1})", "created"},
        {R"({"url":"http://127.0.0.1/","type":"a","data":{},"create":1})", "none of"},
    }));
    const auto sandbox = start_sandbox();
    const auto told = send(*sandbox, body);
    CAPTURE(body, told.body);
    CHECK(told.status == 400);
    CHECK(told.text("code") == "bad_request");
    CHECK(told.text("detail").find(member) != std::string::npos);
}

TEST_CASE("so many events are sent at once and no more") {
    std::atomic<bool> answering = false;
    ScriptedServer slow([&](Peer& peer) {
        peer.read_request();
        answering.wait(false);
        peer.answer(200, "{}");
    });
    const auto sandbox = start_sandbox();
    std::vector<std::thread> clients;
    std::atomic<int> taken = 0;
    const Call event{.method = "POST", .path = "/sandbox/events", .body = event_for(slow.url())};
    for (int i = 0; i < 64; ++i) {
        clients.emplace_back([&] {
            const auto reply = request(sandbox->port(), event);
            taken += reply && reply->status == 200 ? 1 : 0;
        });
    }
    while (slow.connections() < 64) std::this_thread::yield();
    const auto refused = send(*sandbox, event_for(slow.url()));
    answering = true;
    answering.notify_all();
    for (auto& one : clients) one.join();
    CHECK(refused.status == 503);
    CHECK(refused.header("retry-after") == "1");
    CHECK(taken == 64);
    CHECK(send(*sandbox, event_for(slow.url())).status == 200);
}
