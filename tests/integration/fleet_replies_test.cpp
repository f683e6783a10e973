// Redis is told and the word gets lost: the command on its way there, or the reply on its way back, or the process with it.
#include <catch2/catch.hpp>
#include <csignal>

#include "integration/fleet.hpp"
#include "support/redis_server.hpp"
#include "support/relay.hpp"

using namespace tollgate::test;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";
constexpr int writes = 5;  // 1 + remote steps

/// Stands before Redis and does something at the n-th write of the one charge that is made: before Redis hears of it, or
/// when Redis has written and says so.
class ChargeWrites {
public:
    ChargeWrites(unsigned short redis_port, int n, bool written, std::function<void()> act)
        : n_(n),
          written_(written),
          act_(std::move(act)),
          relay_(redis_port, [this](Relay::From from, std::string_view bytes) { return look(from, bytes); }) {}

    [[nodiscard]] std::string url() const { return "redis://" + relay_.address(); }
    [[nodiscard]] bool acted() const { return acted_; }

private:
    bool look(Relay::From from, std::string_view bytes) {
        if (acted_) return true;
        if (from == Relay::From::client) {
            // A script that names the charge's row.
            const bool is_write = bytes.find("EVALSHA") != bytes.npos && bytes.find(":c:ch_") != bytes.npos;
            if (!is_write || ++seen_ != n_) return true;
            reply_is_next_ = written_;
        }
        if (from == Relay::From::server ? !reply_is_next_ : written_) return true;
        acted_ = true;
        act_();
        return false;
    }

    const int n_;
    const bool written_;
    const std::function<void()> act_;
    int seen_ = 0;
    bool reply_is_next_ = false;
    std::atomic<bool> acted_{false};
    Relay relay_;
};

/// Redis knows the scripts from then on.
void charge_once(const Fleet& fleet) {
    REQUIRE(must(charge(fleet.port(0), "key-0", {.id = "ord_0"})).status == 201);
}

/// One event loop, so one connection on which the charge is.
const Variables one_thread{{"TOLLGATE_SERVER_THREADS", "1"}};

void cut_at_write(RedisServer& redis, int n, bool written) {
    const std::string name = std::to_string(n) + (written ? "-written" : "-unwritten");
    INFO("cut off at write " << name);
    ChargeWrites gate(redis.port(), n, written, [] {});
    const Fleet fleet(gate.url(), one_thread, 1);
    const Reply answer = must(charge(fleet.port(0), "key-" + name, {.id = "ord_" + name}));
    CHECK(gate.acted());
    CHECK(answer.status == 201);  // nobody notices: what was lost is sent again
    CHECK_FALSE(answer.headers.contains("idempotent-replayed"));
    const Reply again = must(charge(fleet.port(0), "key-" + name, {.id = "ord_" + name}));
    CHECK(again.header("idempotent-replayed") == "true");
    CHECK(again.body == answer.body);
    CHECK(fleet.effects("ord_" + name) == whole_checkout);
}

void kill_at_write(RedisServer& redis, Fleet& fleet, int n, bool written) {
    const std::string name = std::to_string(n) + (written ? "-written" : "-unwritten");
    INFO("killed at write " << name);
    std::atomic<pid_t> victim{0};
    ChargeWrites gate(redis.port(), n, written, [&] { ::kill(victim, SIGKILL); });
    Variables settings = one_thread;
    settings["TOLLGATE_STORE_URL"] = gate.url();
    Program& dying = fleet.add(std::move(settings));
    victim = dying.pid();
    CHECK_FALSE(charge(dying.port(), "key-" + name, {.id = "ord_" + name}));
    CHECK(dying.wait() == 128 + SIGKILL);

    const Reply answer = settled_charge(fleet.port(0), "key-" + name, {.id = "ord_" + name});
    CHECK(answer.status == 201);
    CHECK(must(charge(fleet.port(0), "key-" + name, {.id = "ord_" + name})).body == answer.body);
    CHECK(fleet.effects("ord_" + name) == whole_checkout);
}

}  // namespace

TEST_CASE("a connection to Redis that breaks before it heard of a write delays the charge and no more") {
    RedisServer redis;
    charge_once(Fleet(redis.url(), {}, 1));
    for (int n = 1; n <= writes; ++n) cut_at_write(redis, n, false);
}

TEST_CASE("a connection to Redis that breaks when it has written delays the charge and no more") {
    RedisServer redis;
    charge_once(Fleet(redis.url(), {}, 1));
    for (int n = 1; n <= writes; ++n) cut_at_write(redis, n, true);
}

TEST_CASE("a process killed before any of its writes reaches Redis is followed by one that charges once") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 1);
    charge_once(fleet);
    for (int n = 1; n <= writes; ++n) kill_at_write(redis, fleet, n, false);
}

TEST_CASE("a process killed before it hears of any of its writes is followed by one that charges once") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 1);
    charge_once(fleet);
    for (int n = 1; n <= writes; ++n) kill_at_write(redis, fleet, n, true);
}
