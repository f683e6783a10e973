#include "telemetry/labelled.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace tollgate;
using std::chrono::duration;

namespace {

bool has(const std::string& text, const std::string& line) {
    return text.find(line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("counters, gauges and histograms appear in the text with their help") {
    Metrics metrics;
    auto charges = metrics.counter("charges_total", "Charges by status.", {{"status", "succeeded"}});
    charges.add();
    charges.add(2);
    metrics.gauge("in_flight", "Requests at this moment.").set(7);
    metrics.gauge("in_flight", "Requests at this moment.").add(-2);
    metrics.histogram("commit", "Commits.").observe(std::chrono::milliseconds{3});
    auto text = metrics.text();
    INFO(text);
    CHECK(has(text, "# HELP tollgate_charges_total Charges by status."));
    CHECK(has(text, "# TYPE tollgate_charges_total counter"));
    CHECK(has(text, "tollgate_charges_total{status=\"succeeded\"} 3"));
    CHECK(has(text, "tollgate_in_flight 5"));
    CHECK(has(text, "tollgate_commit_seconds_bucket{le=\"0.0025\"} 0"));
    CHECK(has(text, "tollgate_commit_seconds_bucket{le=\"0.005\"} 1"));
    CHECK(has(text, "tollgate_commit_seconds_count 1"));
}

TEST_CASE("a measured duration is counted under its name and outcome") {
    Metrics metrics;
    DurationMeter& meter = metrics;
    meter.observe("charge_duration", duration<double>{0.2}, "201");
    meter.observe("charge_duration", duration<double>{15}, "201");
    meter.observe("charge_duration", duration<double>{0.2}, "card_declined");
    auto text = metrics.text();
    INFO(text);
    CHECK(has(text, "tollgate_charge_duration_seconds_count{outcome=\"201\"} 2"));
    CHECK(has(text, "tollgate_charge_duration_seconds_bucket{outcome=\"201\",le=\"10\"} 1"));
    CHECK(has(text, "tollgate_charge_duration_seconds_bucket{outcome=\"201\",le=\"30\"} 2"));
    CHECK(has(text, "tollgate_charge_duration_seconds_count{outcome=\"card_declined\"} 1"));
}

TEST_CASE("label values that never end share one series after the bound") {
    Metrics metrics;
    for (int i = 0; i < 5000; ++i) metrics.observe("call", duration<double>{0.001}, "outcome " + std::to_string(i));
    for (int i = 0; i < 5000; ++i) metrics.counter("calls_total", "", {{"path", std::to_string(i)}}).add();
    auto text = metrics.text();
    CHECK(has(text, "tollgate_call_seconds_count{outcome=\"other\"} " + std::to_string(5000 - Metrics::series_max)));
    CHECK(has(text, "tollgate_calls_total{path=\"other\"} " + std::to_string(5000 - Metrics::series_max)));
    CHECK(text.size() < 1'000'000);
}

TEST_CASE("durations are told apart by several labels, and what never happened takes no room") {
    Metrics metrics;
    LabelledHistogram requests(metrics, "http_request", "Requests.", {"method", "route"});
    CHECK(metrics.text().empty());
    for (int i = 0; i < 3; ++i) requests.observe({"GET", "/health"}, std::chrono::milliseconds(1));
    requests.observe({"GET", "/charge"}, std::chrono::seconds(10));
    requests.observe({"POST", "/charge"}, std::chrono::seconds(11));
    const auto text = metrics.text();
    INFO(text);
    CHECK(has(text, "# HELP tollgate_http_request_seconds Requests."));
    CHECK(has(text, "tollgate_http_request_seconds_count{method=\"GET\",route=\"/health\"} 3"));
    CHECK(has(text, "tollgate_http_request_seconds_bucket{method=\"GET\",route=\"/health\",le=\"0.0005\"} 0"));
    CHECK(has(text, "tollgate_http_request_seconds_bucket{method=\"GET\",route=\"/health\",le=\"0.001\"} 3"));
    CHECK(has(text, "tollgate_http_request_seconds_bucket{method=\"GET\",route=\"/charge\",le=\"10\"} 1"));
    CHECK(has(text, "tollgate_http_request_seconds_bucket{method=\"POST\",route=\"/charge\",le=\"10\"} 0"));
    CHECK(has(text, "tollgate_http_request_seconds_count{method=\"POST\",route=\"/charge\"} 1"));
}

TEST_CASE("several labels without an end share one series after the bound, and none that was there before loses any") {
    Metrics metrics;
    LabelledHistogram requests(metrics, "http_request", "Requests.", {"method", "route"});
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 1000; ++i) requests.observe({"GET", "/" + std::to_string(i)}, std::chrono::milliseconds(1));
    }
    const auto text = metrics.text();
    CHECK(has(text, "tollgate_http_request_seconds_count{method=\"GET\",route=\"/0\"} 2"));
    const auto shared = std::to_string(2 * (1000 - Metrics::series_max));
    CHECK(has(text, "tollgate_http_request_seconds_count{method=\"other\",route=\"other\"} " + shared));
    CHECK(text.size() < 1'000'000);
}

TEST_CASE("a label value cannot break the text format") {
    Metrics metrics;
    metrics.counter("odd_total", "", {{"value", "a\"b\\c\nd"}}).add();
    CHECK(has(metrics.text(), R"(tollgate_odd_total{value="a\"b\\c\nd"} 1)"));
}

TEST_CASE("gauges that are dear are set when the text is asked for") {
    Metrics metrics;
    auto depth = metrics.gauge("queue_depth", "");
    int asked = 0;
    metrics.before_each_text([&] { depth.set(++asked); });
    CHECK(has(metrics.text(), "tollgate_queue_depth 1"));
    CHECK(has(metrics.text(), "tollgate_queue_depth 2"));
}

TEST_CASE("nothing is lost when threads measure at once") {
    Metrics metrics;
    auto counter = metrics.counter("events_total", "");
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 10'000; ++i) {
                    counter.add();
                    metrics.observe("step", duration<double>{0.002}, i % 2 ? "ok" : "failed");
                    if (i % 5000 == 0) (void)metrics.text();
                }
            });
    }
    auto text = metrics.text();
    CHECK(has(text, "tollgate_events_total 40000"));
    CHECK(has(text, "tollgate_step_seconds_count{outcome=\"ok\"} 20000"));
}

TEST_CASE("a label never shows a card number, also of an outcome that is observed") {
    Metrics metrics;
    metrics.counter("charges_total", "Charges.", {{"outcome", "card 4242 4242 4242 4242"}}).add();
    DurationMeter& meter = metrics;
    for (int i = 0; i < 2; ++i) meter.observe("charge_duration", duration<double>{1}, "4242424242424242");
    const auto text = metrics.text();
    INFO(text);
    CHECK(has(text, "tollgate_charges_total{outcome=\"card ************4242\"} 1"));
    CHECK(has(text, "tollgate_charge_duration_seconds_count{outcome=\"************4242\"} 2"));
}
