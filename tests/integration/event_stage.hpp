#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "integration/shop.hpp"
#include "integration/shop_listener.hpp"
#include "support/redis_server.hpp"
#include "support/relay.hpp"

namespace tollgate::test {

inline const std::string whole_checkout = "reserve authorize capture ship";

/// All that webhooks and the shop's events need: a store of either kind, a sandbox outside, a shop that listens, and no
/// process of the service yet. Leases are short and retries fast, as the tests wait for them.
class EventStage {
public:
    explicit EventStage(bool on_redis, Variables more = {}, ShopListener::Answer answer = {});

    /// One more process; on SQLite the one before must have ended. The others' calls below go to the newest.
    Program& start(Variables more = {}, std::vector<std::string> before = {});
    /// SIGKILL to the newest, and a new one.
    Program& restart(Variables more = {});
    [[nodiscard]] Program& process(std::size_t index) const { return *processes_.at(index); }
    [[nodiscard]] Program& newest() const { return *processes_.back(); }
    [[nodiscard]] unsigned short port() const { return newest().port(); }

    /// The answer, once the store is there.
    [[nodiscard]] Reply get(const std::string& path) const;
    [[nodiscard]] Reply post(const std::string& path) const { return must(request(port(), {.method = "POST", .path = path})); }
    /// The id of a new charge; its answer must have this status.
    [[nodiscard]] std::string charge(const std::string& key, const Order& order = {}, int status = 201) const;
    [[nodiscard]] std::string effects(const std::string& order_id = "ord_1") const;
    /// Whether the charge comes to have this status.
    [[nodiscard]] bool becomes(const std::string& charge_id, const std::string& status) const;
    /// How many entries of this type the charge's ledger has.
    [[nodiscard]] int entries(const std::string& charge_id, const std::string& type) const;
    /// Whether the shop comes to have heard this of the charge, signed, each event under an id of its own.
    [[nodiscard]] bool shop_hears(const std::string& charge_id, const std::string& types) const;

    /// What the sandbox is told about an event that it sent.
    struct Sent {
        std::string id;
        int status = 0;
        std::string body;  // the answer to it
        [[nodiscard]] bool fresh() const { return status == 200 && body == R"({"received":true,"duplicate":false})"; }
        [[nodiscard]] bool duplicate() const { return status == 200 && body == R"({"received":true,"duplicate":true})"; }
    };
    /// Sends a signed event through the sandbox; `more` are further members of its order, as `,"id":"evt_1"`.
    [[nodiscard]] Sent send(const std::string& type, const std::string& data, const std::string& more = "") const;
    /// The same, and waits until it has come to this in the archive.
    [[nodiscard]] bool tell(const std::string& type, const std::string& data, const std::string& state = "done") const;
    /// Whether an event comes to this state in the archive, by the sender's id.
    [[nodiscard]] bool comes_to(const std::string& id, const std::string& state) const;

    std::unique_ptr<RedisServer> redis;
    Folder folder;
    std::unique_ptr<Program> sandbox;
    ShopListener listener;
    Variables settings;

private:
    std::deque<std::unique_ptr<Program>> processes_;
};

/// Between a process and Redis: kills it around the n-th word that they have once it is armed, before or after Redis heard it.
class DeadlyLink {
public:
    DeadlyLink(const RedisServer& redis, int nth, bool answered);

    /// For the process that is to die.
    [[nodiscard]] Variables settings() const { return {{"TOLLGATE_STORE_URL", "redis://" + relay_.address() + "/0"}}; }
    void arm(const Program& victim) { victim_ = victim.pid(); }

private:
    std::atomic<int> words_{0};
    std::atomic<pid_t> victim_{0};
    Relay relay_;
};

/// The data of an event about this charge, with more members, as `,"amount":1000`.
[[nodiscard]] std::string about(const std::string& charge_id, const std::string& more = "");

/// An event as the sandbox would write it.
[[nodiscard]] std::string event_body(const std::string& id, const std::string& type, const std::string& data);

/// POST /webhook with these bytes, signed as Stripe does.
[[nodiscard]] Call signed_call(const std::string& body, WallTime at = SystemClock().wall(),
                               const std::string& secret = "whsec_sandbox", const std::string& path = "/webhook");

}  // namespace tollgate::test
