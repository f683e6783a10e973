#include <boost/asio/io_context.hpp>
#include <iostream>
#include <optional>

#include "net/http_client.hpp"
#include "service/app.hpp"
#include "service/demo/child.hpp"
#include "service/demo/scenarios.hpp"
#include "service/process.hpp"

namespace tollgate {
namespace {

using namespace demo;

constexpr const char* sandbox_source = R"([{name = "sandbox", scheme = "stripe", secrets = ["whsec_sandbox"]}])";

Task<void> play(Stage& stage, int& failed, bool& done) {
    int number = 0;
    for (const Scenario& scenario : scenarios()) {
        const std::string why = co_await scenario.play(stage);
        std::cout << ++number << (why.empty() ? " ok " : " failed ") << scenario.title;
        if (!why.empty()) std::cout << ": " << why;
        std::cout << std::endl;  // a line as soon as it is known
        failed += why.empty() ? 0 : 1;
    }
    done = true;
}

int play_against(const std::string& service_url, const std::optional<std::string>& sandbox_url) {
    asio::io_context io(1);
    const SystemClock clock;
    SystemRandom random;
    AsioTimers timers(io.get_executor());
    const Runtime runtime{io.get_executor(), clock, random, timers};
    auto service = HttpClient::make(runtime, service_url);
    if (!service) return say(service.error().detail);
    std::unique_ptr<HttpClient> sandbox;
    if (sandbox_url) {
        auto made = HttpClient::make(runtime, *sandbox_url);
        if (!made) return say(made.error().detail);
        sandbox = std::move(*made);
    }
    Stage stage{runtime, **service, sandbox.get(), std::to_string(random.next() % 1'000'000'000)};
    int failed = 0;
    bool done = false;
    spawn(runtime.executor, play(stage, failed, done));
    while (!done) io.run_one();
    return failed == 0 ? 0 : 1;
}

}  // namespace

int run_demo(std::optional<std::string> url) {
    if (url) return play_against(*url, std::nullopt);
    auto sandbox = Child::start({"sandbox", "--listen", "127.0.0.1:0"}, {});
    if (!sandbox) return say(sandbox.error().detail);
    auto service = Child::start({"serve"}, {{"TOLLGATE_SERVER_LISTEN", "127.0.0.1:0"},
                                            {"TOLLGATE_STORE_URL", "sqlite::memory:"},
                                            {"TOLLGATE_GATEWAY_KIND", "http"},
                                            {"TOLLGATE_GATEWAY_URL", sandbox->url()},
                                            {"TOLLGATE_INVENTORY_URL", sandbox->url()},
                                            {"TOLLGATE_SHIPPING_URL", sandbox->url()},
                                            {"TOLLGATE_FRAUD_RULES", blocklist()},
                                            {"TOLLGATE_WEBHOOK_SOURCES", sandbox_source}});
    if (!service) return say(service.error().detail);
    return play_against(service->url(), sandbox->url());
}

}  // namespace tollgate
