#pragma once

#include <algorithm>
#include <stdexcept>

#include "lossy_relay.hpp"
#include "net/redis/client.hpp"
#include "store_under_test.hpp"
#include "stores/redis/redis_store.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_server.hpp"

namespace tollgate::test {

/// The servers count leases by how long an entry of a stream has been idle; here it is said to have been for a day.
inline void expire_event_leases_of(RedisServer& server) {
    for (const RedisReply& stream : server.command({"KEYS", "tg:{p*}:e[io]"}).elements) {
        std::vector<std::string> claim{"XCLAIM", stream.text, "tollgate", "tollgate", "0"};
        const std::size_t words = claim.size();
        for (const RedisReply& held : server.command({"XPENDING", stream.text, "tollgate", "-", "+", "10000"}).elements) {
            claim.push_back(held.elements.at(0).text);
        }
        if (claim.size() == words) continue;
        claim.insert(claim.end(), {"IDLE", "86400000", "JUSTID"});
        if (server.command(claim).is_error()) throw std::runtime_error("leases cannot be ended");
    }
}

/// A store on servers of its own, which are empty at first.
class RedisUnderTest : public StoreUnderTest {
public:
    RedisUnderTest(Loops& loops, redis::Options::Kind kind, std::vector<redis::Address> servers) : loops_(loops) {
        options.redis.kind = kind;
        options.redis.servers = std::move(servers);
        options.timeout = options.redis.timeout = std::chrono::seconds(10);  // on a machine that is busy with other tests
        reopen();
    }

    /// Closes and opens again.
    void reopen() {
        store.reset();
        RedisStore::Opened opened = RedisStore::open(options, loops_.runtimes()).value();
        store = std::move(opened.store);
        warnings = std::move(opened.warnings);
        for (Loop* loop : {&loops_.main, &loops_.sides[0], &loops_.sides[1]}) {
            const auto writes = [&] { return loop->run(store->check()).has_value(); };
            if (!wait_for(writes)) throw std::runtime_error("the store was opened and cannot be written");
        }
    }

    ChargeStore& charges() override { return *store; }
    EventStore& events() override { return store->events(); }
    ReconciliationStore& reconciliation() override { return store->reconciliation(); }
    SessionStore& sessions() override { return store->sessions(); }
    void expire_event_leases() override {
        for (RedisServer* server : servers) expire_event_leases_of(*server);
    }
    std::unique_ptr<StoreUnderTest> another_process(Loops& loops) override {
        return std::make_unique<RedisUnderTest>(loops, options.redis.kind, options.redis.servers);
    }
    CensusStore& census() override { return *store; }
    AuditLog& audit() override { return *store; }
    StoreHealth& health() override { return *store; }

    RedisStoreOptions options;
    std::unique_ptr<RedisStore> store;
    std::vector<std::string> warnings;
    std::vector<RedisServer*> servers;  // whose leases of events are to be ended

private:
    Loops& loops_;
};

/// A server and a store on it; with a relay in between.
class LoneRedis {
public:
    explicit LoneRedis(RedisServer::Options options = {})
        : server(std::move(options)),
          relay(server.port()),
          store(loops, redis::Options::Kind::standalone, {{"127.0.0.1", relay.port()}}) {
        store.servers = {&this->server};
    }

    /// An integer, a text, or how many elements.
    std::string ask(const std::vector<std::string>& words) {
        const RedisReply reply = server.command(words);
        if (reply.is_error()) throw std::runtime_error(reply.text);
        return reply.kind == RedisReply::Kind::array ? std::to_string(reply.elements.size()) : reply.text;
    }
    [[nodiscard]] std::vector<std::string> keys(const std::string& pattern) {
        std::vector<std::string> all;
        for (const RedisReply& key : server.command({"KEYS", pattern}).elements) all.push_back(key.text);
        std::ranges::sort(all);
        return all;
    }

    [[nodiscard]] Result<Begun> begin(BeginCharge begin) { return loops.main.run(store.store->begin(std::move(begin))); }
    [[nodiscard]] Result<void> advance(Transition step) { return loops.main.run(store.store->advance(std::move(step))); }
    [[nodiscard]] std::optional<ChargeRow> find(const std::string& id) { return loops.main.run(store.store->find(id)).value(); }

    Loops loops;
    RedisServer server;
    LossyRelay relay;
    RedisUnderTest store;
};

/// From now on it gives up after a fifth of a second.
inline void be_quick(LoneRedis& redis) {
    redis.store.options.timeout = redis.store.options.redis.timeout = Milliseconds(200);
    redis.store.reopen();
}

/// A begin that uses an allowance and counts itself.
[[nodiscard]] inline BeginCharge counted(const std::string& key, WallTime now = noon) {
    BeginCharge begin = begin_of(key, now);
    begin.admission.limit_key = "shop/ann";
    begin.admission.limit = GcraPolicy{.requests = 5, .per = std::chrono::minutes(1), .burst = 5};
    begin.admission.velocities = {{.key = "shop/charges/ann", .window = std::chrono::minutes(1), .max = 5}};
    return begin;
}

}  // namespace tollgate::test
