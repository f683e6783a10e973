// What the console shows of the moment, and when a browser is told of it.
#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "service/console/live_stream.hpp"
#include "service/key_hash.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace tollgate::console;
using namespace tollgate::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// Counts how often it is asked, and answers as slowly and as badly as the test wants.
struct Counted final : CensusStore {
    const Runtime& runtime;
    explicit Counted(const Runtime& its_runtime) : runtime(its_runtime) {}

    Task<Result<Census>> census(WallTime now) override {
        ++asked;
        if (takes > 0ms) co_await sleep_for(runtime, takes);
        if (fails) co_return fail(Code::store_unavailable, "away");
        Census census;
        census.processing = {1, 2, 3, 4};
        census.authorized = authorized;
        census.incoming = {.waiting = 2, .oldest_due = now - 90s};
        census.dead_letters = 5;
        co_return census;
    }
    int asked = 0;
    std::int64_t authorized = 6;
    Milliseconds takes{0};
    bool fails = false;
};

struct Look {
    VirtualTime time;
    const Runtime& runtime = time.runtime();
    Settings settings;
    Breakers breakers{{.failure_threshold = 1, .recovery_timeout = 30s, .success_threshold = 1}};
    http::Counters counters;
    MemoryStore store;
    Metrics metrics;
    StoreTimer timer{metrics, time};
    MeteredCharges charges{store, timer, metrics};
    Counted census{runtime};
    Authenticator authenticator{{{"ops", *hash_api_key("key-of-the-operator-0123456789"), {"admin"}}}};
    Access access{authenticator, store.session_store()};
    LiveState state{{settings, breakers, counters, charges, census}};
    LivePlaces places;

    json::object told() { return json::parse("{" + time.run(state.tell(runtime)) + "}").as_object(); }

    Session log_in() {
        auto opened = time.run(access.open_session(runtime, *authenticator.holder("key-of-the-operator-0123456789")));
        REQUIRE(opened);
        return *opened->visitor.session;
    }
    http::BodySource stream(std::optional<Session> session = {}) {
        return places.stream(runtime, access, state, std::move(session));
    }
    /// The next piece that is not empty.
    std::optional<std::string> next(const http::BodySource& source) {
        for (;;) {
            auto piece = time.run(source());
            if (!piece || !piece->empty()) return piece;
        }
    }
    void open_breaker(const char* name) {
        const auto permit = breakers.at(name).admit(time.steady());
        REQUIRE(permit);
        breakers.at(name).record(*permit, CallVerdict::failure, time.steady());
    }
};

bool is_state(const std::optional<std::string>& piece) {
    return piece && piece->starts_with("event: state\ndata: {\"at\":\"") && piece->ends_with("}\n\n") &&
           std::ranges::count(*piece, '\n') == 3;
}

}  // namespace

TEST_CASE("the state of the moment names breakers, limits, queues and charges") {
    Look look;
    look.settings.rate_limit = {.requests = 100, .per = 1'500ms, .burst = 20};
    look.settings.gateway.max_per_second = 50;
    look.counters.in_flight = 3;
    look.counters.connections = 4;
    look.counters.refused = 5;
    look.open_breaker("gateway.authorize");
    CHECK(look.told() == json::parse(R"({
        "breakers": [{"name": "gateway.authorize", "state": "open", "retry_after": 30}],
        "limits": {"in_flight": 3, "max_in_flight": 1024, "connections": 4, "max_connections": 10000, "overload_refusals": 5,
                   "rate_limit": {"requests": 100, "per_seconds": 1.5, "burst": 20}, "rate_limit_refusals": 0,
                   "gateway_per_second": 50},
        "queues": {"incoming": {"waiting": 2, "oldest_due_seconds": 90}, "outgoing": {"waiting": 0, "oldest_due_seconds": null},
                   "dead_letters": 5},
        "charges": {"processing": 10, "requires_action": 0, "authorized": 6, "refunding": 0, "needs_attention": 0}})"));
    look.settings.rate_limit.requests = 0;
    look.settings.gateway.max_per_second = 0;
    const json::object without = look.told();
    CHECK(without.at("limits").at("rate_limit").is_null());
    CHECK(without.at("limits").at("gateway_per_second").is_null());
}

TEST_CASE("charges refused by the rate limit are counted as they are for the metrics") {
    Look look;
    CHECK(look.told().at("limits").at("rate_limit_refusals") == 0);
    look.metrics.counter("rate_limit_refusals_total", "Charges refused because their customer had too many.").add(2);
    CHECK(look.told().at("limits").at("rate_limit_refusals") == 2);
}

TEST_CASE("however many look, the store is asked once in five seconds, and not again before it answered") {
    Look look;
    for (int i = 0; i < 20; ++i) look.told();
    CHECK(look.census.asked == 1);
    look.time.advance(5s - 1ms);
    look.told();
    CHECK(look.census.asked == 1);
    look.time.advance(1ms);
    look.told();
    CHECK(look.census.asked == 2);

    look.census.takes = 20s;
    look.time.advance(5s);
    look.told();
    CHECK(look.census.asked == 3);
    look.time.advance(10s);
    look.told();
    CHECK(look.census.asked == 3);
    look.time.advance(10s);
    look.told();
    CHECK(look.census.asked == 4);
}

TEST_CASE("a store that does not answer is waited for as long as it may take and then left out, until it does") {
    Look look;
    CHECK(look.told().at("charges").at("authorized") == 6);
    look.census.takes = 20s;
    look.time.advance(5s);
    const auto before = look.time.steady();
    const json::object without = look.told();
    CHECK(look.time.steady() - before == look.settings.store.timeout);
    CHECK(without.at("queues").is_null());
    CHECK(without.at("charges").is_null());
    CHECK(without.at("breakers").is_array());
    look.census.takes = 0ms;
    look.census.authorized = 7;
    look.time.advance(20s);
    CHECK(look.told().at("charges").at("authorized") == 7);
    look.census.fails = true;
    look.time.advance(5s);
    CHECK(look.told().at("charges").is_null());
}

TEST_CASE("whoever looks on is told at once, then within a second of each change, and nothing while there is none") {
    Look look;
    const auto source = look.stream();
    const auto begun = look.time.elapsed();
    REQUIRE(is_state(look.next(source)));
    CHECK(look.time.elapsed() == begun);
    for (int i = 0; i < 3; ++i) CHECK(look.time.run(source()) == "");
    CHECK(look.time.elapsed() == begun + 3s);
    look.counters.connections = 17;
    const auto changed = look.time.run(source());
    CHECK(look.time.elapsed() == begun + 4s);
    REQUIRE(is_state(changed));
    CHECK(changed->find("\"connections\":17") != std::string::npos);
    CHECK(changed->find("\"at\":\"2026-11-22T10:00:04.000Z\"") != std::string::npos);
    CHECK(look.time.run(source()) == "");
}

TEST_CASE("a connection on which there is nothing to tell carries a comment every fifteen seconds") {
    Look look;
    const auto source = look.stream();
    REQUIRE(is_state(look.next(source)));
    for (int i = 0; i < 3; ++i) {
        const auto before = look.time.elapsed();
        CHECK(look.next(source) == ":\n\n");
        CHECK(look.time.elapsed() == before + 15s);
    }
}

TEST_CASE("a stream ends when its session expires, and within half a minute when it was ended elsewhere") {
    Look look;
    const Session ended = look.log_in();
    const auto source = look.stream(ended);
    const Session lasting = look.log_in();
    look.time.advance(7s);  // so that the looks at the store do not fall on the moment at which it expires
    const auto other = look.stream(lasting);
    REQUIRE(is_state(look.next(source)));
    REQUIRE(is_state(look.next(other)));
    CHECK(look.time.run(look.access.end(ended)));
    const auto before = look.time.elapsed();
    while (look.time.run(source())) {
    }
    CHECK(look.time.elapsed() - before <= 31s);
    CHECK(look.time.run(other()));
    while (look.time.run(other())) {
    }
    CHECK(look.time.elapsed() >= 8h);
    CHECK(look.time.elapsed() <= 8h + 2s);
}

TEST_CASE("thirty-two may look on at once, and whoever leaves makes room") {
    Look look;
    std::vector<http::BodySource> sources;
    for (int i = 0; i < 32; ++i) {
        sources.push_back(look.stream());
        REQUIRE(sources.back());
    }
    CHECK_FALSE(look.stream());
    CHECK_FALSE(look.stream());
    REQUIRE(is_state(look.next(sources[0])));
    sources.erase(sources.begin());
    const auto in_its_place = look.stream();
    CHECK(in_its_place);
    CHECK_FALSE(look.stream());
}
