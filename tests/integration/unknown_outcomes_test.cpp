// A gateway that does not say what it did, or says something else: what client, operator and gateway see of it.
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "integration/lying_gateway.hpp"
#include "integration/shop.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";

/// The service between a lying gateway and goods that are what they are.
struct Story {
    Story(LyingGateway::Say say, Variables more = {})
        : sandbox(start_sandbox()),
          gateway(sandbox->port(), std::move(say)),
          service(start_service(settings(std::move(more)))) {}

    [[nodiscard]] Variables settings(Variables more) const {
        more.insert({"TOLLGATE_GATEWAY_URL", gateway.url()});
        return service_settings(folder, sandbox->url(), quick(std::move(more)));
    }
    [[nodiscard]] Reply charge() const { return must(tollgate::test::charge(service->port(), "key-1", {})); }
    [[nodiscard]] std::string status(const Reply& answer) const {
        return must(request(service->port(), {.path = "/charge/" + answer.text("id")})).text("status");
    }
    [[nodiscard]] std::string effects() const { return tollgate::test::effects(sandbox->port(), "ord_1"); }
    [[nodiscard]] std::size_t pages(const std::string& kind) const {
        return count_of(service->said(), "\"kind\":\"" + kind + "\"");
    }

    Folder folder;
    std::unique_ptr<Program> sandbox;
    LyingGateway gateway;
    std::unique_ptr<Program> service;
};

bool is_unsettled(const Reply& answer) {
    return answer.status == 202 && answer.text("status") == "processing" && answer.headers.contains("retry-after") &&
           answer.header("location") == "/charge/" + answer.text("id");
}

void check_ended_well(const Story& story, const Reply& answer) {
    CHECK(answer.status == 201);
    CHECK(answer.text("status") == "succeeded");
    CHECK(story.effects() == whole_checkout);
    CHECK(story.charge().body == answer.body);
}

}  // namespace

TEST_CASE("a gateway that acts and answers 500 for ever is believed by its look-up, and the client sees a success") {
    for (const std::string path : {"/v1/authorize", "/v1/capture"}) {
        std::atomic<int> calls{0};
        const Story story([&](const Asked& asked, const LyingGateway::Pass& pass) {
            const auto truth = pass();
            if (asked.path != path) return truth;
            ++calls;
            return std::optional(saying(500));
        });
        check_ended_well(story, story.charge());
        CHECK(calls == 1);
        CHECK(story.pages("unknown_outcome_stuck") == 0);
    }
}

TEST_CASE("a look-up that knows nothing for a while costs time and nothing else: 202 meanwhile, never a made-up failure") {
    std::atomic<int> look_ups{0};
    std::atomic<bool> knows{false};
    const Story story(
        [&](const Asked& asked, const LyingGateway::Pass& pass) {
            const auto truth = pass();
            if (asked.path == "/v1/capture") return std::optional(saying(500));
            if (!asked.looks_up) return truth;
            ++look_ups;
            return knows ? truth : std::optional(saying(404));
        },
        {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}});
    const Reply first = story.charge();
    CHECK(is_unsettled(first));
    REQUIRE(eventually([&] { return look_ups >= 2; }));
    CHECK(is_unsettled(story.charge()));
    CHECK(story.status(first) == "processing");
    knows = true;
    const Reply last = settled_charge(story.service->port(), "key-1", {});
    CHECK(last.text("id") == first.text("id"));
    check_ended_well(story, last);
}

TEST_CASE("a call that acts long after the gateway was given up waiting for is adopted, and is the only one") {
    std::mutex mutex;
    std::condition_variable changed;
    int look_ups = 0;
    std::atomic<int> calls{0};
    const Story story(
        [&](const Asked& asked, const LyingGateway::Pass& pass) -> std::optional<Reply> {
            if (asked.path == "/v1/authorize") {
                if (++calls > 1) return std::nullopt;  // cut before it acts
                std::unique_lock lock(mutex);
                changed.wait_for(lock, 60s, [&] { return look_ups >= 2; });
                lock.unlock();
                return pass();
            }
            auto truth = pass();
            const std::lock_guard lock(mutex);
            if (asked.looks_up) ++look_ups;
            changed.notify_all();
            return truth;
        },
        {{"TOLLGATE_GATEWAY_TIMEOUT", "200ms"}, {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}});
    CHECK(is_unsettled(story.charge()));
    check_ended_well(story, settled_charge(story.service->port(), "key-1", {}));
    CHECK(calls > 1);
}

TEST_CASE("an answer about another amount is neither taken nor undone, calls somebody once, and the truth settles it") {
    std::atomic<bool> lies{true};
    std::atomic<int> look_ups{0};
    const Story story(
        [&](const Asked& asked, const LyingGateway::Pass& pass) {
            auto truth = pass();
            if (asked.looks_up) ++look_ups;
            const std::size_t amount = truth ? truth->body.find("4999") : std::string::npos;
            if (lies && amount != std::string::npos) truth->body.replace(amount, 4, "5999");
            return truth;
        },
        {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}});
    const Reply first = story.charge();
    CHECK(is_unsettled(first));
    REQUIRE(eventually([&] { return look_ups >= 3; }));
    CHECK(is_unsettled(story.charge()));
    CHECK(story.effects() == "reserve authorize");
    CHECK(story.pages("echo_mismatch") == 1);
    lies = false;
    check_ended_well(story, settled_charge(story.service->port(), "key-1", {}));
    CHECK(story.pages("echo_mismatch") == 1);
    CHECK(story.pages("unknown_outcome_stuck") == 0);
}

TEST_CASE("an outcome that stays unknown for ten leases calls somebody once, and is still 202 and settled at last") {
    std::atomic<bool> lies{true};
    std::atomic<int> look_ups{0};
    const Story story(
        [&](const Asked& asked, const LyingGateway::Pass& pass) {
            auto truth = pass();
            if (asked.looks_up) ++look_ups;
            return lies && (asked.looks_up || asked.path == "/v1/capture") ? std::optional(saying(500)) : truth;
        },
        {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"},
         {"TOLLGATE_SAGA_LEASE", "300ms"},
         {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1000"}});
    const Reply first = story.charge();
    CHECK(is_unsettled(first));
    CHECK(story.pages("unknown_outcome_stuck") == 0);
    REQUIRE(eventually([&] { return story.pages("unknown_outcome_stuck") > 0; }));
    const int so_far = look_ups;
    CHECK(so_far >= 3);
    REQUIRE(eventually([&] { return look_ups >= so_far + 3; }));
    CHECK(story.pages("unknown_outcome_stuck") == 1);
    CHECK(count_of(story.service->said(), first.text("id")) > 0);
    CHECK(is_unsettled(story.charge()));
    lies = false;
    check_ended_well(story, settled_charge(story.service->port(), "key-1", {}));
}
