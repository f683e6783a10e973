#include "integration/admin_stage.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "support/openapi_document.hpp"

namespace tollgate::test {
namespace {

std::string key_of(const std::string& who) {
    return "key-of-" + who + "-0123456789";
}

std::string key_line(const std::string& who, const std::string& scope) {
    return "{id = \"" + who + "\", hash = \"" + hash_of(key_of(who)) + "\", scopes = [\"" + scope + "\"]},\n";
}

}  // namespace

Firm::Firm(bool on_redis, Variables more)
    : redis(on_redis ? std::make_unique<RedisServer>() : nullptr), sandbox(start_sandbox()) {
    const std::string config = folder.path() + "/tollgate.toml";
    std::ofstream(config) << "[auth]\nkeys = [\n"
                          << key_line("anna", "charge") << key_line("bert", "charge") << key_line("ops", "admin")
                          << key_line("night", "admin") << "]\n";
    more.merge(service_settings(folder, sandbox->url()));
    if (redis) more["TOLLGATE_STORE_URL"] = redis->url();
    service =
        std::make_unique<Program>(Program::Options{.arguments = {"serve", "--config", config}, .variables = std::move(more)});
    INFO(service->said());
    REQUIRE(service->listening());
}

Call Firm::as(const std::string& who, Call call) {
    if (!who.empty()) call.headers["Authorization"] = "Bearer " + key_of(who);
    return call;
}

Reply Firm::ask(const std::string& who, const Call& call) const {
    static const OpenApiDocument document;
    const Reply reply = must(request(port(), as(who, call)));
    INFO(call.method << " " << call.path << ": " << reply.status << " " << reply.body);
    CHECK(document.wrong_reply(call, reply) == std::vector<std::string>());
    return reply;
}

Reply Firm::charge(const std::string& shop, const std::string& key, const Order& order, int status) const {
    const Reply reply = ask(shop, {.method = "POST", .path = "/charge", .body = charge_body(order), .key = key});
    INFO(reply.body);
    REQUIRE(reply.status == status);
    return reply;
}

Call Firm::refund(const std::string& charge_id, const std::string& key, const std::string& body) const {
    return {.method = "POST", .path = "/admin/charges/" + charge_id + "/refund", .body = body, .key = key};
}

std::vector<std::string> charges_in(const json::object& list) {
    std::vector<std::string> ids;
    for (const json::value& saga : list.at("data").as_array()) ids.emplace_back(saga.at("charge_id").as_string());
    return ids;
}

}  // namespace tollgate::test
