#include <catch2/catch.hpp>
#include <sstream>

#include "service/commands.hpp"
#include "support/scripted_server.hpp"

using namespace tollgate;

namespace {

int health_of(const std::string& url, std::string* told = nullptr) {
    std::ostringstream err;
    int status = health(url, err);
    if (told) *told = err.str();
    return status;
}

}  // namespace

TEST_CASE("health is 0 for a service that is ready and 1 for one that is not") {
    test::ScriptedServer server([](test::Peer& peer) {
        auto request = peer.read_request();
        peer.answer(request.starts_with("GET /health/ready HTTP/1.1\r\n") ? 200 : 503, "{}");
    });
    CHECK(health_of(server.url() + "/health/ready") == 0);
    std::string told;
    CHECK(health_of(server.url() + "/health/other", &told) == 1);
    CHECK(told == "tollgate: not ready: status 503\n");
    CHECK(health_of(server.url()) == 1);
    CHECK(health_of(server.url() + "?a=b") == 1);
}

TEST_CASE("health is 1 for a service that is away or answers nothing in time") {
    CHECK(health_of("http://127.0.0.1:" + std::to_string(test::ScriptedServer::dead_port()) + "/") == 1);
    test::ScriptedServer mute([](test::Peer& peer) { peer.wait_until_closed(); });
    std::string told;
    CHECK(health_of(mute.url() + "/health/ready", &told) == 1);
    CHECK(told.starts_with("tollgate: not ready: "));
}
