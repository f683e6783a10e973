// What service/openapi/openapi.json says of routes and codes, held against the router and the codes themselves.
#include "service/openapi/openapi.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "payments/problem.hpp"
#include "support/openapi_document.hpp"

using namespace tollgate;
using namespace tollgate::test;
namespace json = boost::json;

namespace {

http::Route route(std::string method, std::string pattern, http::Scope scope = http::Scope::none) {
    return {.method = std::move(method),
            .pattern = std::move(pattern),
            .scope = scope,
            .handler = [](http::Request&) -> Task<http::Response> { co_return http::Response(); }};
}

/// What clients may read as `code`, with its status.
std::map<std::string, int> public_codes() {
    std::map<std::string, int> codes;
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
        const auto code = static_cast<Code>(i);
        if (public_code(code) == code) codes.emplace(info(code).name, http_status(code));
    }
    return codes;
}

/// Of every operation, with its name and the status.
template <class Act>
void for_each_response(const OpenApiDocument& document, Act act) {
    for (const auto& [path, methods] : document.root().at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object()) {
            for (const auto& [status, response] : operation.at("responses").as_object()) {
                act(std::string(method) + " " + std::string(path) + " " + std::string(status), std::stoi(std::string(status)),
                    document.resolved(response));
            }
        }
    }
}

}  // namespace

TEST_CASE("a route that is not described, one described otherwise and one that is not there are named") {
    http::Router router;
    router.add(route("GET", "/nowhere"));
    router.add(route("GET", "/health", http::Scope::admin));
    router.add(route("GET", "/health/live"));
    router.add(route("GET", "/console/style.css"));
    router.add(route("POST", "/console/api/sagas/{id}/retry"));
    const auto differences = openapi_differences(router);
    const auto told = [&](std::string_view sentence) { return std::ranges::find(differences, sentence) != differences.end(); };
    CHECK(told("GET /nowhere is not described"));
    CHECK(told("GET /health has scope admin, body none and is described with scope none, body none"));
    CHECK(told("POST /charge is described and not there"));
    CHECK_FALSE(told("GET /health/live is described and not there"));
    CHECK(std::ranges::none_of(differences, [](const std::string& one) { return one.find("/console/") != one.npos; }));
}

TEST_CASE("the document names just the codes that clients can meet, each under its own status") {
    const OpenApiDocument document;
    const auto codes = public_codes();
    std::map<std::string, int> named;
    for (const json::value& code : document.schema("Problem").at("properties").at("code").at("enum").as_array()) {
        named.emplace(code.as_string(),
                      codes.contains(std::string(code.as_string())) ? codes.at(std::string(code.as_string())) : 0);
    }
    CHECK(named == codes);

    for_each_response(document, [&](const std::string& where, int status, const json::object& response) {
        const json::value* problem = response.at("content").as_object().if_contains("application/problem+json");
        INFO(where);
        CHECK((problem != nullptr) ==
              (status >= 400 && !where.starts_with("get /health 503") && !where.starts_with("get /health/ready 503")));
        if (problem == nullptr) return;
        const json::value& narrowed = problem->at("schema").at("allOf").at(1).at("properties");
        CHECK(narrowed.at("status").at("const").as_int64() == status);
        for (const json::value& code : narrowed.at("code").at("enum").as_array()) {
            INFO(code);
            CHECK(codes.at(std::string(code.as_string())) == status);
        }
    });
}

TEST_CASE("every example of a request and of an answer is what its schema says") {
    const OpenApiDocument document;
    const auto check = [&](const std::string& where, const json::object& content) {
        const json::value* examples = content.if_contains("examples");
        if (examples == nullptr) return;
        for (const auto& [name, example] : examples->as_object()) {
            INFO(where << ": " << name);
            CHECK(document.wrong_answer(content.at("schema"), example.at("value")) == std::vector<std::string>());
        }
    };
    for_each_response(document, [&](const std::string& where, int, const json::object& response) {
        for (const auto& [media, content] : response.at("content").as_object()) check(where, content.as_object());
    });
    for (const auto& [path, methods] : document.root().at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object()) {
            if (const json::value* body = operation.as_object().if_contains("requestBody"))
                check(std::string(path), body->at("content").at("application/json").as_object());
        }
    }
}

TEST_CASE("the document tells the version of the program") {
    CHECK(OpenApiDocument().root().at("info").at("version").as_string() == TOLLGATE_VERSION);
}

TEST_CASE("an answer that is not as described is told from one that is") {
    const OpenApiDocument document;
    const Reply good{.status = 200,
                     .headers = {{"x-request-id", "1"}, {"content-type", "application/json"}},
                     .body = R"({"data":[{"name":"gateway.void","state":"open","retry_after":3}]})"};
    const auto wrong = [&](const std::string& path, const std::function<void(Reply&)>& change) {
        Reply reply = good;
        change(reply);
        return !document.wrong_reply({.path = path}, reply).empty();
    };
    CHECK_FALSE(wrong("/admin/breakers?x=1", [](Reply&) {}));
    CHECK(wrong("/admin/breakers", [](Reply& reply) { reply.status = 204; }));
    CHECK(wrong("/admin/breakers", [](Reply& reply) { reply.headers.erase("x-request-id"); }));
    CHECK(wrong("/admin/breakers", [](Reply& reply) { reply.headers["content-type"] = "text/html"; }));
    CHECK(wrong("/admin/breakers", [](Reply& reply) { reply.body = R"({"data":[{"name":"gateway.void","state":"ajar"}]})"; }));
    CHECK(wrong("/admin/breakers", [](Reply& reply) { reply.body = R"({"data":[],"more":1})"; }));
    CHECK(wrong("/charge/ch_1", [](Reply&) {}));
    CHECK_FALSE(wrong("/nowhere", [](Reply&) {}));
}
