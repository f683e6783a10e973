#include <catch2/catch.hpp>

#include "service/http/router.hpp"

using namespace tollgate;
using namespace tollgate::http;

namespace {

Router routes() {
    const auto handler = [](Request&) -> Task<Response> { co_return Response{}; };
    Router router;
    router.add({"GET", "/charge", Scope::charge, handler});
    router.add({"POST", "/charge", Scope::charge, handler, true});
    router.add({"GET", "/charge/{id}", Scope::charge, handler});
    router.add({"POST", "/charge/{id}/capture", Scope::charge, handler});
    router.add({"GET", "/charge/special", Scope::charge, handler});
    router.add({"GET", "/", Scope::none, handler});
    return router;
}

std::string found(const Router& router, std::string_view method, std::string_view path) {
    std::vector<std::string_view> captures;
    const Router::Match match = router.find(method, path, captures);
    if (match.allow.empty()) return "nothing";
    if (match.route == nullptr) return "allow " + std::string(match.allow);
    std::string text = match.route->method + " " + match.route->pattern;
    for (const std::string_view capture : captures) text += " " + std::string(capture);
    return text;
}

}  // namespace

TEST_CASE("a path finds its pattern, and what a capture matched is one whole segment") {
    const Router router = routes();
    CHECK(found(router, "GET", "/charge") == "GET /charge");
    CHECK(found(router, "POST", "/charge") == "POST /charge");
    CHECK(found(router, "GET", "/charge/ch_1") == "GET /charge/{id} ch_1");
    CHECK(found(router, "POST", "/charge/ch_1/capture") == "POST /charge/{id}/capture ch_1");
    CHECK(found(router, "GET", "/charge/special") == "GET /charge/special");
    CHECK(found(router, "GET", "/") == "GET /");
    CHECK(found(router, "HEAD", "/charge/ch_1") == "GET /charge/{id} ch_1");
}

TEST_CASE("a path that is longer, shorter or has an empty segment is another path") {
    const Router router = routes();
    for (const char* path : {"/charge/", "/charge//capture", "/charge/a/b", "/charge/a/capture/", "//charge", "/Charge",
                             "/charges", "/charge/a/Capture"})
        CHECK(found(router, "GET", path) == "nothing");
}

TEST_CASE("a known path with another method tells which ones there are") {
    const Router router = routes();
    CHECK(found(router, "DELETE", "/charge") == "allow GET, HEAD, POST, OPTIONS");
    CHECK(found(router, "GET", "/charge/a/capture") == "allow POST, OPTIONS");
    CHECK(found(router, "HEAD", "/charge/a/capture") == "allow POST, OPTIONS");
}
