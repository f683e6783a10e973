// POST /webhook as a sender meets it, without sockets.
#include <sys/mman.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "service/handlers/webhook.hpp"
#include "signing/signatures.hpp"
#include "support/kept_pages.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"
#include "telemetry/log.hpp"
#include "webhooks/message.hpp"

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

class Counted final : public DurationMeter {
public:
    std::map<std::string, int> outcomes;
    void observe(std::string_view name, std::chrono::duration<double>, std::string_view outcome) override {
        if (name == "webhook_duration") ++outcomes[std::string(outcome)];
    }
};

Settings::Webhook two_sources() {
    return {.sources = {{.name = "sandbox", .scheme = "stripe", .secrets = {"whsec_sandbox"}},
                        {.name = "second", .scheme = "stripe", .secrets = {"whsec_second"}}}};
}

/// The routes and all behind them.
struct Door {
    test::VirtualTime time;
    test::MemoryStore store;
    test::KeptPages pager;
    Counted meter;
    std::vector<webhooks::Source> sources = webhook_sources(two_sources());
    WebhookWatch watch{pager, sources};
    int heard = 0;
    webhooks::Inbox inbox{
        time.runtime(), store.event_store(), pager, meter, {}, [this](GatewayNews) -> Task<Result<NewsOutcome>> {
            ++heard;
            co_return NewsOutcome{NewsOutcome::Kind::applied, "done", "ch_1"};
        }};
    std::vector<http::Route> routes = webhook_routes({time.runtime(), sources, inbox, watch, meter});

    /// What POST /webhook, or /webhook/NAME, answers to a body with this signature.
    http::Response post(const std::string& body, const std::string& signature, const char* name = nullptr) {
        const http::Header headers[] = {{"stripe-signature", signature}};
        http::Request request;
        request.method = "POST";
        request.path = "/webhook";
        request.headers = headers;
        request.body = body;
        request.peer = "192.0.2.7";
        if (name != nullptr) request.captures = {name};
        const http::Route& route = routes.at(name == nullptr ? 0 : 1);
        return time.run([](const http::Route& to, http::Request& with) { return to.handler(with); }(route, request));
    }
    http::Response post(const std::string& body) { return post(body, stripe_signature("whsec_sandbox", time.wall(), body)); }
};

std::string code_of(const http::Response& response) {
    return std::string(boost::json::parse(response.body).at("code").as_string());
}

const std::string event = R"({"id":"evt_1","type":"payment.captured","data":{"reference":"ch_1"}})";
const std::string fresh = R"({"received":true,"duplicate":false})";
const std::string duplicate = R"({"received":true,"duplicate":true})";

}  // namespace

TEST_CASE("webhooks need no key and no media type, and are not shed") {
    Door door;
    REQUIRE(door.routes.size() == 2);
    for (const http::Route& route : door.routes) {
        CHECK(route.method == "POST");
        CHECK(route.scope == http::Scope::none);
        CHECK(route.accepts == http::Accepts::anything);
        CHECK_FALSE(route.sheds);
    }
}

TEST_CASE("a signed event is received once, and its copies are duplicates ten minutes and three days later") {
    Door door;
    const auto first = door.post(event);
    CHECK(first.status == 200);
    CHECK(first.body == fresh);
    CHECK(door.store.events.find(webhooks::webhook_id("sandbox", "evt_1")) != nullptr);
    for (const auto later : {std::chrono::minutes(10), std::chrono::minutes(3 * 24 * 60)}) {
        door.time.advance(later);
        const auto again = door.post(event);
        CHECK(again.status == 200);
        CHECK(again.body == duplicate);
    }
    CHECK(door.heard == 1);
    CHECK(door.meter.outcomes == std::map<std::string, int>{{"accepted", 1}, {"duplicate", 2}});
}

TEST_CASE("each source has its path and its secrets, and the first has the bare path too") {
    Door door;
    CHECK(door.post(event, stripe_signature("whsec_second", door.time.wall(), event), "second").body == fresh);
    CHECK(door.post(event, stripe_signature("whsec_sandbox", door.time.wall(), event), "sandbox").body == fresh);
    CHECK(door.post(event).body == duplicate);
    CHECK(door.post(event, stripe_signature("whsec_second", door.time.wall(), event), "sandbox").status == 400);
    CHECK(door.post(event, "", "third").status == 404);
    CHECK(code_of(door.post(event, "", "third")) == "not_found");
}

TEST_CASE("a request that cannot be verified is refused and leaves no trace in the archive") {
    Door door;
    CHECK(code_of(door.post(event, "t=1,v1=00")) == "webhook_signature_invalid");
    CHECK(code_of(door.post(event, stripe_signature("whsec_sandbox", door.time.wall() - 301s, event))) ==
          "webhook_timestamp_invalid");
    CHECK(code_of(door.post(event + " ", stripe_signature("whsec_sandbox", door.time.wall(), event))) ==
          "webhook_signature_invalid");
    CHECK(door.store.events.all().empty());
    CHECK(door.post(event).body == fresh);
    CHECK(door.meter.outcomes.at("unverified") == 3);
}

TEST_CASE("a signed body that is no event is invalid JSON") {
    Door door;
    for (const char* body : {"", "[]", R"({"id":7})", R"({"id":"a","id":"a"})"}) {
        const auto response = door.post(body);
        CHECK(response.status == 400);
        CHECK(code_of(response) == "invalid_json");
    }
    CHECK(door.store.events.all().empty());
}

TEST_CASE("a store that is away is told with a time to come again, and the event is taken then") {
    Door door;
    for (const Code code : {Code::store_unavailable, Code::store_unknown}) {
        door.store.fail_next_write({code, "away"});
        const auto response = door.post(event);
        CHECK(response.status == 503);
        CHECK(code_of(response) == "store_unavailable");
        CHECK(std::ranges::find(response.headers, std::pair<std::string, std::string>("Retry-After", "1")) !=
              response.headers.end());
    }
    CHECK(door.post(event).body == fresh);
}

TEST_CASE("an event that comes again with another body is a duplicate, and pages once an hour and source") {
    Door door;
    const std::string other = R"({"id":"evt_1","type":"payment.captured","data":{"reference":"ch_2"}})";
    CHECK(door.post(event).body == fresh);
    for (int i = 0; i < 5; ++i) CHECK(door.post(other).body == duplicate);
    REQUIRE(door.pager.pages.size() == 1);
    CHECK(door.pager.pages[0].kind == "echo_mismatch");
    CHECK(door.pager.pages[0].detail.find("sandbox") != std::string::npos);
    CHECK(door.pager.pages[0].detail.find("ch_2") == std::string::npos);
    door.time.advance(1h);
    CHECK(door.post(other).body == duplicate);
    REQUIRE(door.pager.pages.size() == 2);
    CHECK(door.pager.pages[1].detail.find("4 more") != std::string::npos);
    CHECK(door.heard == 1);
}

TEST_CASE("a flood of requests that cannot be verified is a line a second, and none of their bytes") {
    Door door;
    const int file = ::memfd_create("log", 0);
    {
        const log::Running running({.format = log::Format::text, .fd = file});
        for (int i = 0; i < 1000; ++i) CHECK(door.post("{\"id\":\"SECRET\"}", "t=1,v1=SECRET").status == 400);
        door.time.advance(1s);
        CHECK(door.post("{\"id\":\"SECRET\"}", "t=1,v1=SECRET").status == 400);
    }
    std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
    CHECK(::pread(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    ::close(file);
    INFO(text);
    CHECK(std::ranges::count(text, '\n') == 2);
    CHECK(text.find("left_out=999") != std::string::npos);
    CHECK(text.find("192.0.2.7") != std::string::npos);
    CHECK(text.find("SECRET") == std::string::npos);
}
