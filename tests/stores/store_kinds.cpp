#include "redis_under_test.hpp"
#include "sqlite_under_test.hpp"
#include "store_under_test.hpp"

namespace tollgate::test {
namespace {

/// One server a test case: the next store finds it empty.
std::unique_ptr<StoreUnderTest> on_one_redis(Loops& loops) {
    static RedisServer server;
    if (server.command({"FLUSHALL"}).is_error()) throw std::runtime_error("Redis cannot be emptied");
    const std::vector<redis::Address> at{{"127.0.0.1", server.port()}};
    auto under = std::make_unique<RedisUnderTest>(loops, redis::Options::Kind::standalone, at);
    under->servers = {&server};
    return under;
}

std::unique_ptr<StoreUnderTest> on_a_cluster(Loops& loops) {
    static RedisCluster cluster;
    std::vector<redis::Address> at;
    std::vector<RedisServer*> servers;
    for (std::size_t i = 0; i < cluster.size(); ++i) {
        if (cluster.node(i).command({"FLUSHALL"}).is_error()) throw std::runtime_error("Redis cannot be emptied");
        at.push_back({"127.0.0.1", cluster.node(i).port()});
        servers.push_back(&cluster.node(i));
    }
    auto under = std::make_unique<RedisUnderTest>(loops, redis::Options::Kind::cluster, at);
    under->servers = std::move(servers);
    return under;
}

}  // namespace

const std::vector<StoreKind>& store_kinds() {
    static const std::vector<StoreKind> kinds{
        {"sqlite in a file", [](Loops&) { return std::make_unique<SqliteUnderTest>(false); }},
        {"sqlite in memory", [](Loops&) { return std::make_unique<SqliteUnderTest>(true); }},
        {"redis", on_one_redis},
        {"redis in a cluster", on_a_cluster},
    };
    return kinds;
}

}  // namespace tollgate::test
