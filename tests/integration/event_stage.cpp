#include "integration/event_stage.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "signing/signatures.hpp"

namespace tollgate::test {
namespace {

Variables on_stage(const Folder& folder, const Program& sandbox, const RedisServer* redis, const ShopListener& listener,
                   Variables more) {
    Variables settings = service_settings(folder, sandbox.url(), quick(std::move(more)));
    settings.insert({{"TOLLGATE_SAGA_LEASE", "2s"},
                     {"TOLLGATE_WEBHOOK_SOURCES", R"([{name = "sandbox", scheme = "stripe", secrets = ["whsec_sandbox"]}])"}});
    settings.merge(listener.settings());
    if (redis != nullptr) settings["TOLLGATE_STORE_URL"] = redis->url();
    return settings;
}

}  // namespace

EventStage::EventStage(bool on_redis, Variables more, ShopListener::Answer answer)
    : redis(on_redis ? std::make_unique<RedisServer>(RedisServer::Options{.append_only = true}) : nullptr),
      sandbox(start_sandbox()),
      listener(std::move(answer)),
      settings(on_stage(folder, *sandbox, redis.get(), listener, std::move(more))) {}

Program& EventStage::start(Variables more, std::vector<std::string> before) {
    more.insert(settings.begin(), settings.end());
    processes_.push_back(start_service(more, std::move(before)));
    return newest();
}

Reply EventStage::get(const std::string& path) const {
    Reply reply;
    // Each thread of the service comes back to a store that was away by itself.
    REQUIRE(eventually([&] {
        reply = must(request(port(), {.path = path}));
        return reply.text("code") != "store_unavailable";
    }));
    return reply;
}

Program& EventStage::restart(Variables more) {
    newest().kill_hard();
    return start(std::move(more));
}

std::string EventStage::charge(const std::string& key, const Order& order, int status) const {
    const Reply answer = must(test::charge(port(), key, order));
    INFO(answer.body);
    REQUIRE(answer.status == status);
    return answer.text(status < 300 ? "id" : "charge_id");
}

std::string EventStage::effects(const std::string& order_id) const {
    return test::effects(sandbox->port(), order_id);
}

bool EventStage::becomes(const std::string& charge_id, const std::string& status) const {
    return eventually([&] { return get("/charge/" + charge_id).text("status") == status; });
}

int EventStage::entries(const std::string& charge_id, const std::string& type) const {
    const json::object saga = body_of(get("/admin/sagas/" + charge_id));
    int count = 0;
    for (const json::value& entry : saga.at("ledger").as_array()) count += entry.at("type") == json::value(type) ? 1 : 0;
    return count;
}

bool EventStage::shop_hears(const std::string& charge_id, const std::string& types) const {
    const bool heard = eventually([&] { return listener.types(charge_id) == types; });
    std::set<std::string> ids;
    for (const ShopListener::Heard& one : listener.heard(charge_id)) {
        CHECK(one.verified);
        CHECK(one.body.at("id") == json::value(one.id));
        CHECK(ids.insert(one.id).second);
    }
    return heard;
}

EventStage::Sent EventStage::send(const std::string& type, const std::string& data, const std::string& more) const {
    const std::string body =
        R"({"url":")" + newest().url() + R"(/webhook","type":")" + type + R"(","data":)" + data + more + "}";
    const Reply reply = must(request(sandbox->port(), {.method = "POST", .path = "/sandbox/events", .body = body}));
    const json::object told = body_of(reply);
    INFO(reply.body);
    REQUIRE(told.contains("id"));
    if (reply.status != 200) return {reply.text("id"), 0, ""};
    return {reply.text("id"), static_cast<int>(told.at("status").as_int64()), json::serialize(told.at("body"))};
}

bool EventStage::tell(const std::string& type, const std::string& data, const std::string& state) const {
    const Sent sent = send(type, data);
    INFO(sent.status << " " << sent.body);
    CHECK(sent.fresh());
    return comes_to(sent.id, state);
}

bool EventStage::comes_to(const std::string& id, const std::string& state) const {
    return eventually([&] { return get("/admin/webhooks/" + id).text("state") == state; });
}

DeadlyLink::DeadlyLink(const RedisServer& redis, int nth, bool answered)
    : relay_(redis.port(), [this, nth, answered](Relay::From from, std::string_view) {
          if (victim_ == 0 || (from == Relay::From::server) != answered || ++words_ != nth) return true;
          ::kill(victim_.exchange(0), SIGKILL);
          return false;
      }) {}

std::string about(const std::string& charge_id, const std::string& more) {
    return R"({"reference":")" + charge_id + "\"" + more + "}";
}

std::string event_body(const std::string& id, const std::string& type, const std::string& data) {
    return R"({"id":")" + id + R"(","type":")" + type + R"(","created":)" + unix_seconds(SystemClock().wall()) + R"(,"data":)" +
           data + "}";
}

Call signed_call(const std::string& body, WallTime at, const std::string& secret, const std::string& path) {
    return {.method = "POST",
            .path = path,
            .body = body,
            .key = "",
            .headers = {{"Stripe-Signature", stripe_signature(secret, at, body)}}};
}

}  // namespace tollgate::test
