#include "support/redis_sentinels.hpp"

#include <stdexcept>

namespace tollgate::test {
namespace {

/// Sentinels ask and gossip several times a second, and do not take a busy machine for a broken clock. Five ping periods are
/// more than the second between two INFOs while the master is down: else they find no replica good enough.
const std::vector<std::string> hurry{"SENTINEL",   "DEBUG", "ping-period",    "400", "info-period",  "200",
                                     "ask-period", "100",   "publish-period", "200", "tilt-trigger", "60000"};

std::unique_ptr<RedisServer> start_sentinel(const RedisServer& master, const RedisSentinels::Options& options) {
    const std::string name = RedisSentinels::master_name();
    RedisServer::Options settings{.password = options.password, .sentinel = true};
    settings.config = {"sentinel monitor " + name + " 127.0.0.1 " + std::to_string(master.port()) + " " +
                           std::to_string(options.sentinels / 2 + 1),
                       "sentinel down-after-milliseconds " + name + " 500", "sentinel failover-timeout " + name + " 3000"};
    if (!options.password.empty()) {
        settings.config.push_back("sentinel auth-pass " + name + " " + options.password);
        settings.config.push_back("sentinel sentinel-pass " + options.password);
    }
    auto sentinel = std::make_unique<RedisServer>(std::move(settings));
    const RedisReply heard = sentinel->command(hurry);
    if (heard.is_error()) throw std::runtime_error(heard.text);
    return sentinel;
}

/// One field of the flat pairs that SENTINEL MASTER answers.
std::string pair(const RedisReply& reply, const std::string& name) {
    for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2)
        if (reply.elements[i].text == name) return reply.elements[i + 1].text;
    return {};
}

/// A replica that was just synchronized is sent nothing before its first acknowledgement, which makes its offset known.
bool streams_to_replica(RedisServer& master) {
    const std::string replica = master.info("replication", "slave0");
    return replica.find("state=online") != std::string::npos && replica.find(",offset=0,") == std::string::npos;
}

void demand(bool happened, const std::string& what) {
    if (!happened) throw std::runtime_error(what);
}

}  // namespace

RedisSentinels::RedisSentinels() : RedisSentinels(Options{}) {}

RedisSentinels::RedisSentinels(Options options) : password_(options.password) {
    RedisServer::Options settings{.password = options.password, .append_only = options.append_only, .config = options.config};
    servers_.push_back(std::make_unique<RedisServer>(settings));
    settings.replica_of = servers_.front()->port();
    servers_.push_back(std::make_unique<RedisServer>(settings));
    // A sentinel asks the master for its replicas once at its start, and then seldom.
    demand(wait_for([this] { return servers_[1]->info("replication", "master_link_status") == "up"; }), "no replica");
    for (std::size_t i = 0; i < options.sentinels; ++i) sentinels_.push_back(start_sentinel(*servers_.front(), options));
    const std::string others = std::to_string(options.sentinels - 1);
    for (const auto& one : sentinels_)
        demand(wait_for([&] {
                   const RedisReply known = one->command({"SENTINEL", "MASTER", master_name()});
                   return pair(known, "num-slaves") == "1" && pair(known, "num-other-sentinels") == others &&
                          pair(known, "flags") == "master";
               }),
               "the sentinels do not know each other");
    wait_until_whole();
}

std::string RedisSentinels::url() const {
    std::string hosts;
    for (const auto& one : sentinels_) hosts += (hosts.empty() ? "" : ",") + one->address();
    return "redis+sentinel://" + (password_.empty() ? "" : ":" + password_ + "@") + hosts + "/" + master_name();
}

unsigned short RedisSentinels::named_master() {
    for (const auto& one : sentinels_) {
        try {
            const RedisReply named = one->command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master_name()});
            if (named.elements.size() == 2) return static_cast<unsigned short>(named.elements[1].integer);
        } catch (const std::runtime_error&) {  // this one was killed by the test
        }
    }
    throw std::runtime_error("no sentinel answers");
}

RedisServer& RedisSentinels::master() {
    const unsigned short port = named_master();
    return servers_[0]->port() == port ? *servers_[0] : *servers_[1];
}

RedisServer& RedisSentinels::replica() {
    const unsigned short port = named_master();
    return servers_[0]->port() == port ? *servers_[1] : *servers_[0];
}

void RedisSentinels::wait_for_new_master(unsigned short before) {
    demand(wait_for([&] { return named_master() != before && master().info("replication", "role") == "master"; }),
           "no failover: " + sentinels_.back()->said());
}

void RedisSentinels::fail_over() {
    const unsigned short before = named_master();
    demand(wait_for([this] {
               for (const auto& one : sentinels_) {
                   try {
                       return one->command({"SENTINEL", "FAILOVER", master_name()}).text == "OK";
                   } catch (const std::runtime_error&) {  // killed by the test
                   }
               }
               return false;
           }),
           "no sentinel begins a failover");
    wait_for_new_master(before);
}

void RedisSentinels::kill_master() {
    const unsigned short before = named_master();
    master().kill_hard();
    wait_for_new_master(before);
}

void RedisSentinels::wait_until_whole() {
    demand(wait_for([this] {
               try {
                   return replica().info("replication", "master_link_status") == "up" &&
                          replica().info("replication", "master_port") == std::to_string(master().port()) &&
                          streams_to_replica(master());
               } catch (const std::runtime_error&) {
                   return false;
               }
           }),
           "the replica does not follow the master");
}

}  // namespace tollgate::test
