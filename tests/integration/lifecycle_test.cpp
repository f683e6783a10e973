// The process itself: how it starts, how it stops under load, and what it leaves to its successor.
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>

#include "integration/shop.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";

/// The exit code and all it said of a command that ends by itself.
std::pair<int, std::string> run(std::vector<std::string> arguments, Variables variables = {}, std::string folder = {}) {
    Program program({.arguments = std::move(arguments), .variables = std::move(variables), .folder = std::move(folder)});
    const int code = program.wait();
    return {code, program.said()};
}

/// A shop whose gateway is a process of its own, stopped so that it takes calls and never answers.
struct Silence {
    std::unique_ptr<Program> goods = start_sandbox();
    std::unique_ptr<Program> gateway = start_sandbox();
    Folder folder;
    Variables settings = service_settings(folder, goods->url(),
                                          quick({{"TOLLGATE_GATEWAY_URL", gateway->url()},
                                                 {"TOLLGATE_GATEWAY_TIMEOUT", "200ms"},
                                                 {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "10m"},
                                                 {"TOLLGATE_SERVER_DRAIN_TIMEOUT", "6s"},
                                                 {"TOLLGATE_SAGA_LEASE", "30m"}}));

    Silence() { gateway->signal(SIGSTOP); }
    ~Silence() { gateway->signal(SIGCONT); }
};

}  // namespace

TEST_CASE("told to stop under load, the service is not ready at once, finishes what it accepted and exits 0") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/authorize");
    const auto service = start_service(service_settings(folder, gate.url(), {{"TOLLGATE_SERVER_DRAIN_TIMEOUT", "2m"}}));
    constexpr int clients = 8;
    std::vector<std::future<std::optional<Reply>>> replies;
    for (int i = 0; i < clients; ++i) {
        replies.push_back(charge_async(service->port(), "key-" + std::to_string(i), {.id = "ord_" + std::to_string(i)}));
    }
    REQUIRE(gate.wait_for(clients));
    CHECK(must(request(service->port(), {.path = "/health/ready"})).status == 200);

    const auto told = std::chrono::steady_clock::now();
    service->signal(SIGTERM);
    // A thread that serves none of the eight may just now stop listening; the others answer for it.
    const auto comes_to = [&](const std::string& path, int status) {
        return eventually([&] {
            const auto reply = request(service->port(), {.path = path});
            return reply && reply->status == status;
        });
    };
    CHECK(comes_to("/health/ready", 503));
    CHECK(comes_to("/health", 503));
    CHECK(comes_to("/health/live", 200));
    CHECK(eventually([&] {
        const auto late = charge(service->port(), "key-late", {.id = "ord_late"});
        return late && late->status == 503 && late->text("code") == "shutting_down" && late->headers.contains("retry-after");
    }));
    gate.release();
    for (int i = 0; i < clients; ++i) {
        const Reply reply = must(replies[static_cast<std::size_t>(i)].get());
        CHECK(reply.status == 201);
        CHECK(effects(sandbox->port(), "ord_" + std::to_string(i)) == whole_checkout);
    }
    CHECK(service->wait() == 0);
    CHECK(std::chrono::steady_clock::now() - told < 2min);
    CHECK(effects(sandbox->port(), "ord_late").empty());
}

TEST_CASE("a charge whose outcome is unknown is handed over at the end, and the next start takes it up long before its lease") {
    Silence shop;
    auto service = start_service(shop.settings);
    auto waiting = charge_async(service->port(), "key-1");
    REQUIRE(eventually([&] { return effects(shop.goods->port(), "ord_1") == "reserve"; }));
    CHECK(service->stop() == 0);
    const Reply answer = must(waiting.get());  // it would have waited ten minutes
    CHECK(answer.status == 202);
    CHECK(answer.text("status") == "processing");

    shop.gateway->signal(SIGCONT);
    service = start_service(shop.settings);
    const Reply last = settled_charge(service->port(), "key-1", {});
    CHECK(last.status == 201);
    CHECK(last.text("id") == answer.text("id"));
    CHECK(effects(shop.gateway->port(), "ord_1") == "authorize capture");
    CHECK(effects(shop.goods->port(), "ord_1") == "reserve ship");
}

TEST_CASE("a process that was told to stop ends within its drain time though a call outward never returns") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/authorize");
    const Variables settings = service_settings(
        folder, gate.url(),
        {{"TOLLGATE_SERVER_DRAIN_TIMEOUT", "1s"}, {"TOLLGATE_GATEWAY_TIMEOUT", "60s"}, {"TOLLGATE_SAGA_LEASE", "2s"}});
    auto service = start_service(settings);
    auto lost = charge_async(service->port(), "key-1");
    REQUIRE(gate.wait_for(1));
    const auto told = std::chrono::steady_clock::now();
    CHECK(service->stop() == 0);
    CHECK(std::chrono::steady_clock::now() - told < 30s);  // the call alone would take a minute

    gate.release();
    service = start_service(settings);
    CHECK(settled_charge(service->port(), "key-1", {}).status == 201);
    CHECK(effects(sandbox->port(), "ord_1") == whole_checkout);
}

TEST_CASE("a client that leaves in the middle of its charge does not stop it") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/authorize");
    const auto service = start_service(service_settings(folder, gate.url()));
    {
        const Connection client(service->port());
        REQUIRE(client.send(to_wire({.method = "POST", .path = "/charge", .body = charge_body({}), .key = "key-1"})));
        REQUIRE(gate.wait_for(1));
    }
    gate.release();
    CHECK(eventually([&] {
        const Reply page = must(request(service->port(), {.path = "/charge?status=succeeded"}));
        return body_of(page).at("data").as_array().size() == 1;
    }));
    const Reply answer = must(charge(service->port(), "key-1", {}));
    CHECK(answer.status == 201);
    CHECK(answer.header("idempotent-replayed") == "true");
    CHECK(effects(sandbox->port(), "ord_1") == whole_checkout);
}

TEST_CASE("a second process on the same store is refused with the reason, and the first is unharmed") {
    const Shop shop;
    const Reply answer = must(shop.charge("key-1"));
    const auto [code, said] = run({"serve"}, shop.settings);
    CHECK(code == 1);
    CHECK(said.find(std::to_string(shop.service->pid())) != said.npos);  // who has it
    CHECK(said.find("store.url") != said.npos);                          // and the way out
    CHECK(said.find("listening") == said.npos);
    CHECK(must(shop.charge("key-1")).body == answer.body);
    CHECK(must(shop.charge("key-2", {.id = "ord_2"})).status == 201);
}

TEST_CASE("a store that is no store, or a damaged one, is refused with the way out, and left as it is") {
    Shop shop;
    for (int number = 1; number <= 20; ++number) {
        REQUIRE(must(shop.charge("key-" + std::to_string(number), {.id = "ord_" + std::to_string(number)})).status == 201);
    }
    CHECK(shop.service->stop() == 0);
    const std::string path = shop.folder.path() + "/tollgate.db";
    std::string damaged = content_of(path);
    REQUIRE(damaged.size() > 8192);
    for (std::size_t at = 4096; at < damaged.size(); at += 4096) damaged.replace(at, 512, std::string(512, '\xa5'));

    for (const std::string& content : {std::string(100'000, 'x'), damaged}) {
        std::filesystem::remove(path + "-wal");
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
        const auto [code, said] = run({"serve"}, shop.settings);
        INFO(said);
        CHECK(code == 1);
        CHECK(said.find(path) != said.npos);
        CHECK(std::regex_search(said, std::regex("restore|backup|move")));
        CHECK(said.find("listening") == said.npos);
        CHECK(content_of(path) == content);
    }
}

TEST_CASE("the line that tells where the service listens is plain, whatever the log's format") {
    for (const std::string format : {"json", "text"}) {
        const Shop shop({{"TOLLGATE_LOG_FORMAT", format}});
        const std::string line = "listening on 127.0.0.1:" + std::to_string(shop.port()) + "\n";
        const std::string said = "\n" + shop.service->said();
        CHECK(count_of(said, "\n" + line) == 1);
    }
}

TEST_CASE("a log in JSON is one object a line") {
    Shop shop;
    REQUIRE(must(shop.charge("key-1")).status == 201);
    CHECK(shop.service->stop() == 0);
    std::istringstream log(shop.service->said());
    int lines = 0;
    for (std::string line; std::getline(log, line);) {
        if (line.starts_with("listening on ")) continue;
        INFO(line);
        json::error_code error;
        const json::value entry = json::parse(line, error);
        REQUIRE_FALSE(error);
        CHECK(entry.is_object());
        ++lines;
    }
    CHECK(lines >= 3);
}

TEST_CASE("an address that is taken is refused in one sentence") {
    const Shop shop;
    const Folder other;
    const auto [code, said] =
        run({"serve"}, service_settings(other, "", {{"TOLLGATE_SERVER_LISTEN", "127.0.0.1:" + std::to_string(shop.port())}}));
    CHECK(code != 0);
    CHECK(said.find(std::to_string(shop.port())) != said.npos);
}

TEST_CASE("with no settings at all the service runs on its embedded default and charges") {
    const Folder folder;
    const Program service(
        {.arguments = {"serve"}, .variables = {{"TOLLGATE_SERVER_LISTEN", "127.0.0.1:0"}}, .folder = folder.path()});
    REQUIRE(service.listening());
    const Reply answer = must(charge(service.port(), "key-1", {}));
    CHECK(answer.status == 201);
    CHECK(answer.text("gateway.name") == "sandbox");
    CHECK(std::filesystem::exists(folder.path() + "/tollgate.db"));
}

TEST_CASE("`tollgate health` exits 0 when ready, 1 when not, 2 when it cannot be asked so") {
    Shop shop;
    const std::string url = shop.service->url();
    CHECK(run({"health", "--url", url + "/health/ready"}).first == 0);
    CHECK(run({"health", "--url", url + "/health"}).first == 0);
    CHECK(run({"health", "--url", url + "/nothing"}).first == 1);
    CHECK(run({"health", "--url", "nonsense"}).first == 2);
    const ClosedPort closed;
    const auto [code, said] = run({"health", "--url", closed.url() + "/health/ready"});
    CHECK(code == 1);
    CHECK_FALSE(said.empty());
    CHECK(shop.service->stop() == 0);
    CHECK(run({"health", "--url", url + "/health/ready"}).first == 1);
}

TEST_CASE("`tollgate demo` plays its scenarios on its own service and says how each went") {
    const Folder folder;
    const auto [code, said] = run({"demo"}, {}, folder.path());
    INFO(said);
    const std::string lines = "\n" + said;
    for (int number = 1; number <= 7; ++number) CHECK(count_of(lines, "\n" + std::to_string(number) + " ok ") == 1);
    CHECK(code == 0);
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("`tollgate demo --url` plays against a service that runs already") {
    const Shop shop;
    const auto [code, said] = run({"demo", "--url", shop.service->url()});
    INFO(said);
    for (const std::string number : {"1", "2", "3", "6", "7"}) CHECK(("\n" + said).find("\n" + number + " ok ") != said.npos);
    CHECK(said.find("\n4 failed a blocklisted email") != said.npos);
    CHECK(said.find(R"(its configuration lacks `rules = [{kind = "blocklist", emails = ["eve@example.com"]}]` in [fraud])") !=
          said.npos);
    CHECK(must(request(shop.sandbox->port(), {.path = "/sandbox/ledger"})).body != "[]");
}
