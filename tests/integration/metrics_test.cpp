// What /metrics tells whoever watches, after each thing that may happen, and that what watches it names nothing else.
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "integration/lying_gateway.hpp"
#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

using Names = std::set<std::string>;

/// The names of all samples.
Names exposed(const std::string& text) {
    Names names;
    const std::regex sample("(^|\n)([a-zA-Z_:][a-zA-Z0-9_:]*)[{ ]");
    for (std::sregex_iterator at(text.begin(), text.end(), sample), end; at != end; ++at) names.insert((*at)[2]);
    return names;
}

/// The names of ours that a file of docker/ mentions.
Names named_in(const std::string& path) {
    const std::string text = content_of(TOLLGATE_SOURCE "/docker/" + path);
    Names names;
    const std::regex ours("tollgate_[a-z0-9_]+");
    for (std::sregex_iterator at(text.begin(), text.end(), ours), end; at != end; ++at) names.insert(at->str());
    return names;
}

/// Does not tell what became of the first calls of each kind, so that all of them are looked up.
class Forgetful {
public:
    explicit Forgetful(unsigned short outside)
        : server_(outside, [this](const Asked& asked, const LyingGateway::Pass& pass) {
              const auto truth = pass();
              const std::lock_guard lock(mutex_);
              return !asked.looks_up && ++seen_[asked.path] <= 3 ? std::nullopt : truth;  // as often as it is tried
          }) {}
    [[nodiscard]] Variables settings() const {
        return {{"TOLLGATE_GATEWAY_URL", server_.url()},
                {"TOLLGATE_INVENTORY_URL", server_.url()},
                {"TOLLGATE_SHIPPING_URL", server_.url()}};
    }

private:
    std::mutex mutex_;
    std::map<std::string, int> seen_;
    LyingGateway server_;
};

std::string requests(const std::string& method, const std::string& route, const std::string& status) {
    return "tollgate_http_request_seconds_count{method=\"" + method + "\",route=\"" + route + "\",status=\"" + status + "\"}";
}

std::string charges(const std::string& outcome) {
    return "tollgate_charge_duration_seconds_count{outcome=\"" + outcome + "\"}";
}

std::string settled(const std::string& status) {
    return "tollgate_charge_settled_seconds_count{outcome=\"" + status + "\"}";
}

}  // namespace

TEST_CASE("the dashboard and the alert rules name no metric that the service does not tell") {
    EventStage stage(GENERATE(false, true));
    const Forgetful outside(stage.sandbox->port());
    stage.start(outside.settings());
    const Till till(stage);
    REQUIRE(settled_charge(stage.port(), "key-1", {}).status == 201);
    REQUIRE(settled_charge(stage.port(), "key-2", {.id = "ord_2", .sku = "SKU-UNSHIPPABLE"}).status == 409);
    const std::string held = stage.charge("key-3", {.id = "ord_3", .more = R"(,"capture":"manual")"});
    CHECK(till.sample(R"(tollgate_money_authorized_uncaptured{currency="USD"})") == "4999");
    REQUIRE(till.settle({held, "void", "key-4"}).status == 200);
    const std::string sold = stage.charge("key-5", {.id = "ord_5"});
    REQUIRE(till.settle({sold, "refund", "key-6"}).status == 200);

    Names told = exposed(stage.get("/metrics").body);
    for (const std::string file : {"alerts.yml", "grafana/dashboards/tollgate.json"}) {
        const Names named = named_in(file);
        CHECK(named.size() > 15);
        for (const std::string& name : named) {
            INFO(file << ": " << name);
            CHECK(told.contains(name));
        }
    }
}

TEST_CASE("every alert says what happened, how urgent it is and what to do") {
    const std::string rules = content_of(TOLLGATE_SOURCE "/docker/alerts.yml");
    const std::string readme = content_of(TOLLGATE_SOURCE "/README.md");
    const std::string begin = "- alert: ";
    int alerts = 0;
    for (std::size_t at = rules.find(begin); at != std::string::npos; ++alerts) {
        const std::size_t next = rules.find(begin, at + 1);
        const std::string said = rules.substr(at, next - at);
        at = next;
        INFO(said);
        CHECK(count_of(said, "expr: ") == 1);
        CHECK(count_of(said, "labels: {severity: page}") + count_of(said, "labels: {severity: ticket}") == 1);
        CHECK(std::regex_search(said, std::regex("summary: \"[^\"]{20,}\"")));
        const std::string name = said.substr(begin.size(), said.find('\n') - begin.size());
        CHECK(count_of(readme, "| `" + name + "` |") == 1);
        CHECK(std::regex_search(said, std::regex("runbook: >-\n {12}[A-Z][^\n]{40,}")));
    }
    CHECK(alerts > 10);
    CHECK(count_of(content_of(TOLLGATE_SOURCE "/docker/prometheus.yml"), "rule_files: [alerts.yml]") == 1);
    CHECK(count_of(content_of(TOLLGATE_SOURCE "/docker-compose.yml"), "./docker/alerts.yml:/etc/prometheus/alerts.yml:ro") ==
          1);
}

TEST_CASE("the metrics count charges by outcome and requests by the pattern of their route, never by their path") {
    EventStage stage(false);
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    REQUIRE(settled_charge(stage.port(), "key-1", {}).status == 201);
    REQUIRE(stage.charge("key-2", {.id = "ord_2", .token = "tok_declined"}, 402) != "");
    REQUIRE(stage.get("/charge/" + id).status == 200);
    REQUIRE(stage.get("/charge/ch_nobody").status == 404);
    REQUIRE(stage.get("/nowhere/" + id).status == 404);
    REQUIRE(must(request(stage.port(), {.method = "BREW", .path = "/charge"})).status >= 400);

    CHECK(till.sample(charges("201")) == "2");  // answers, and what came of each charge once
    CHECK(till.sample(charges("402")) == "1");
    CHECK(till.sample(settled("succeeded")) == "1");
    CHECK(till.sample(settled("declined")) == "1");
    CHECK(till.sample(requests("POST", "/charge", "2xx")) == "2");
    CHECK(till.sample(requests("POST", "/charge", "4xx")) == "1");
    CHECK(till.sample(requests("GET", "/charge/{id}", "2xx")) == "1");
    CHECK(till.sample(requests("GET", "/charge/{id}", "4xx")) == "1");
    CHECK(till.sample(requests("GET", "none", "4xx")) == "1");
    const std::string text = stage.get("/metrics").body;
    CHECK(count_of(text, id) == 0);
    CHECK(count_of(text, "nobody") == 0);
    CHECK(count_of(text, "BREW") == 0);
    CHECK(till.sample(R"(tollgate_store_operation_seconds_count{operation="begin",outcome="ok"})") == "3");
    for (const std::string bound : {"0.001", "0.01", "1", "10", "60"})
        CHECK(count_of(text, R"(tollgate_http_request_seconds_bucket{method="POST",route="/charge",status="2xx",le=")" + bound +
                                 "\"}") == 1);
}

TEST_CASE("the metrics count the charges that a customer's limit refused and not those it let pass") {
    EventStage stage(
        GENERATE(false, true),
        {{"TOLLGATE_RATE_LIMIT_REQUESTS", "1"}, {"TOLLGATE_RATE_LIMIT_PER", "10m"}, {"TOLLGATE_RATE_LIMIT_BURST", "1"}});
    stage.start();
    const Till till(stage);
    REQUIRE(stage.charge("key-1") != "");
    CHECK(till.sample("tollgate_rate_limit_refusals_total") == "0");
    for (const std::string key : {"key-2", "key-3"})
        check_problem(must(charge(stage.port(), key, {.id = key})), 429, "rate_limited");
    CHECK(till.sample("tollgate_rate_limit_refusals_total") == "2");
}

TEST_CASE("the metrics tell of a charge that needs somebody, in each process alike, and after a restart") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis);
    stage.start({{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"}, {"TOLLGATE_SAGA_COMPENSATION_DELAY", "60s"}});
    const Till till(stage);
    CHECK(till.sample("tollgate_charges_needing_attention") == "0");
    REQUIRE(stage.charge("key-1", {.token = "tok_capture_fails_void_fails"}, 500) != "");
    CHECK(till.sample("tollgate_charges_needing_attention") == "1");
    CHECK(till.sample(R"(tollgate_sagas_unfinished{age="under_1m"})") == "0");
    if (on_redis) stage.start();
    if (!on_redis) stage.restart();
    CHECK(till.sample("tollgate_charges_needing_attention") == "1");
}

TEST_CASE("the metrics tell how many charges wait, for whom, and how many run") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "200ms"}});
    HeldGate gate(stage.sandbox->port(), "/v1/capture");
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Till till(stage);
    REQUIRE(stage.charge("key-1", manual) != "");
    REQUIRE(stage.charge("key-2", {.id = "ord_2", .token = "tok_authentication_required"}, 202) != "");
    const std::string id = stage.charge("key-3", {.id = "ord_3"}, 202);
    CHECK(till.sample(R"(tollgate_charges_waiting{for="capture"})") == "1");
    CHECK(till.sample(R"(tollgate_charges_waiting{for="customer"})") == "1");
    CHECK(till.sample(R"(tollgate_charges_waiting{for="refund"})") == "0");
    CHECK(till.sample(R"(tollgate_sagas_unfinished{age="under_1m"})") == "1");
    for (const std::string age : {"1m_to_10m", "10m_to_1h", "over_1h"})
        CHECK(till.sample("tollgate_sagas_unfinished{age=\"" + age + "\"}") == "0");
    gate.release();
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(till.sample(R"(tollgate_sagas_unfinished{age="under_1m"})") == "0");
}

TEST_CASE("the metrics tell of dead letters, and of the events that wait for a shop that does not take them") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}},
                     [](const ShopListener::Heard&) { return 503; });
    stage.start();
    const Till till(stage);
    CHECK(till.sample("tollgate_dead_letters") == "0");
    CHECK(till.sample(R"(tollgate_event_queue_depth{queue="outgoing"})") == "0");
    CHECK(till.sample(R"(tollgate_event_queue_oldest_due_seconds{queue="outgoing"})") == "0");
    const std::string id = stage.charge("key-1");
    CHECK(till.sample(R"(tollgate_event_queue_depth{queue="outgoing"})") == "1");
    const auto poison = stage.send("payment.refunded", about(id, R"(,"refund_id":"re_0","amount":"lots","currency":"USD")"));
    CHECK(stage.comes_to(poison.id, "dead"));
    CHECK(till.sample("tollgate_dead_letters") == "1");
    CHECK(till.sample(R"(tollgate_event_queue_depth{queue="incoming"})") == "0");
}

TEST_CASE("the metrics tell how each breaker stands: 0 while it is closed, 2 once it is open") {
    const ClosedPort nobody;
    EventStage stage(false);
    stage.start({{"TOLLGATE_GATEWAY_URL", nobody.url()}, {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "3"}});
    const Till till(stage);
    const std::string authorize = R"(tollgate_breaker_state{name="gateway.authorize"})";
    CHECK(till.sample(authorize) == "0");
    CHECK(eventually([&] {
        static int number = 0;
        const std::string key = "key-" + std::to_string(++number);
        return must(charge(stage.port(), key, {.id = key})).text("code") == "circuit_open";
    }));
    CHECK(till.sample(authorize) == "2");
    CHECK(till.sample(R"(tollgate_breaker_state{name="inventory.reserve"})") == "0");
}

TEST_CASE("the metrics tell which version runs and since when") {
    EventStage stage(false);
    const WallTime before = SystemClock().wall();
    stage.start();
    const Till till(stage);
    const std::string text = stage.get("/metrics").body;
    const std::string version = stage.get("/health").text("version");
    REQUIRE_FALSE(version.empty());
    CHECK(till.sample("tollgate_build_info{version=\"" + version + "\"}") == "1");
    const double since = std::stod(till.sample("tollgate_process_start_time_seconds"));
    CHECK(since >= std::chrono::duration<double>(before.time_since_epoch()).count() - 1);
    CHECK(since <= std::chrono::duration<double>(SystemClock().wall().time_since_epoch()).count());
}

TEST_CASE("while the store does not answer the metrics leave out what lies in it and tell the rest") {
    EventStage stage(true, {{"TOLLGATE_STORE_TIMEOUT", "300ms"}});
    stage.start();
    const Till till(stage);
    CHECK(till.sample("tollgate_dead_letters") == "0");
    stage.redis->stop_process();
    const Reply metrics = must(request(stage.port(), {.path = "/metrics"}));
    CHECK(metrics.status == 200);
    CHECK(count_of(metrics.body, "tollgate_dead_letters") == 0);
    CHECK(count_of(metrics.body, "tollgate_sagas_unfinished") == 0);
    CHECK(count_of(metrics.body, "tollgate_build_info") > 0);
    stage.redis->continue_process();
    CHECK(eventually([&] { return till.sample("tollgate_dead_letters") == "0"; }));
}
