#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "net/http_client.hpp"
#include "service/app.hpp"
#include "service/demo/child.hpp"
#include "service/demo/scenarios.hpp"
#include "service/http/server.hpp"
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

int play_on(Loop& loop, const std::string& service_url, const std::optional<std::string>& sandbox_url,
            const std::vector<Page>* pages) {
    auto service = HttpClient::make(loop.runtime, service_url);
    if (!service) return say(service.error().detail);
    std::unique_ptr<HttpClient> sandbox;
    if (sandbox_url) {
        auto made = HttpClient::make(loop.runtime, *sandbox_url);
        if (!made) return say(made.error().detail);
        sandbox = std::move(*made);
    }
    Stage stage{loop.runtime, **service, sandbox.get(), pages, std::to_string(loop.random.next() % 1'000'000'000)};
    int failed = 0;
    bool done = false;
    spawn(loop.runtime.executor, play(stage, failed, done));
    while (!done) loop.io.run_one();
    return failed == 0 ? 0 : 1;
}

Task<http::Response> hear(std::vector<Page>& pages, http::Request& request) {
    const std::string body(request.body);
    pages.push_back({text(body, "kind"), text(body, "charge_id"), text(body, "detail")});
    co_return http::Response{.status = 202};
}

}  // namespace

int run_demo(std::optional<std::string> url) {
    http::Counters counters;  // the connections that are dropped with the loop still count themselves off
    auto loops = make_loops(1);
    Loop& loop = *loops.front();
    if (url) return play_on(loop, *url, std::nullopt, nullptr);

    std::vector<Page> pages;
    auto acceptors = open_listeners(loops, "127.0.0.1:0");
    if (!acceptors) return say(acceptors.error().detail);
    const std::string pager_url = "http://" + http::to_string(acceptors->front().local_endpoint()) + "/page";
    http::Router router;
    router.add(
        {.method = "POST", .pattern = "/page", .handler = [&pages](http::Request& request) { return hear(pages, request); }});
    http::Server pager(loop.runtime, std::move(acceptors->front()), std::move(router), {}, counters);
    pager.start();

    auto sandbox = Child::start({"sandbox", "--listen", "127.0.0.1:0"}, {});
    if (!sandbox) return say(sandbox.error().detail);
    auto service = Child::start({"serve"}, {{"TOLLGATE_SERVER_LISTEN", "127.0.0.1:0"},
                                            {"TOLLGATE_STORE_URL", "sqlite::memory:"},
                                            {"TOLLGATE_GATEWAY_KIND", "http"},
                                            {"TOLLGATE_GATEWAY_URL", sandbox->url()},
                                            {"TOLLGATE_INVENTORY_URL", sandbox->url()},
                                            {"TOLLGATE_SHIPPING_URL", sandbox->url()},
                                            {"TOLLGATE_PAGE_URL", pager_url},
                                            {"TOLLGATE_FRAUD_RULES", blocklist()},
                                            {"TOLLGATE_WEBHOOK_SOURCES", sandbox_source}});
    if (!service) return say(service.error().detail);
    return play_on(loop, service->url(), sandbox->url(), &pages);
}

}  // namespace tollgate
