// Where pages go, and where they do not.
#include <catch2/catch.hpp>

#include "integration/shop.hpp"
#include "support/scripted_server.hpp"

using namespace tollgate::test;

namespace {

/// A charge that cannot be undone, for which somebody is paged.
std::string page_somebody(const Shop& shop) {
    const Reply answer = must(shop.charge("key-1", {.token = "tok_capture_fails_void_fails"}));
    check_problem(answer, 500, "needs_attention");
    return answer.text("charge_id");
}

Variables paging(const std::string& url) {
    return quick({{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"}, {"TOLLGATE_PAGE_URL", url}});
}

}  // namespace

TEST_CASE("a page is posted to a listener on this machine that is called so") {
    std::mutex mutex;
    std::string seen;
    ScriptedServer pager([&](Peer& peer) {
        std::string request = peer.read_request();
        peer.answer(202, "");
        const std::scoped_lock lock(mutex);
        seen = std::move(request);
    });
    const Shop shop(paging(pager.url() + "/page?token=1"));
    const std::string id = page_somebody(shop);
    REQUIRE(eventually([&] {
        const std::scoped_lock lock(mutex);
        return !seen.empty();
    }));
    CHECK(seen.starts_with("POST /page?token=1 HTTP/1.1\r\n"));
    const auto page = json::parse(seen.substr(seen.find("\r\n\r\n") + 4));
    CHECK(page.at("kind") == "failed_compensation");
    CHECK(page.at("charge_id") == json::value(id));
}

TEST_CASE("a page does not follow a name to this machine, and the log tells why without the query") {
    ScriptedServer here([](Peer& peer) { peer.wait_until_closed(); });
    const Shop shop(paging("https://2130706433:" + std::to_string(here.port()) + "/page?token=secret"));
    page_somebody(shop);
    REQUIRE(eventually([&] { return shop.service->said().find("did not take a page") != std::string::npos; }));
    const std::string log = shop.service->said();
    CHECK(log.find("the host 2130706433 resolves to 127.0.0.1, a loopback address") != std::string::npos);
    CHECK(log.find("secret") == std::string::npos);
    CHECK(here.connections() == 0);
}
