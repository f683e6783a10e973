#include "support/redis_cluster.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace tollgate::test {
namespace {

constexpr std::size_t masters = 3;
constexpr std::array<std::pair<const char*, const char*>, masters> shares{
    {{"0", "5460"}, {"5461", "10922"}, {"10923", "16383"}}};

void demand(bool happened, const std::string& what) {
    if (!happened) throw std::runtime_error(what);
}

RedisReply ask(RedisServer& node, const std::vector<std::string>& words) {
    RedisReply reply = node.command(words);
    demand(!reply.is_error(), words.front() + ": " + reply.text);
    return reply;
}

bool knows(RedisServer& node, const std::string& what) {
    return node.command({"CLUSTER", "INFO"}).text.find(what + "\r\n") != std::string::npos;
}

}  // namespace

RedisCluster::RedisCluster() : RedisCluster(Options{}) {}

RedisCluster::RedisCluster(Options options) : password_(options.password) {
    // Without replicas nothing is gained by taking a slow machine for a dead node.
    RedisServer::Options settings{.password = options.password, .cluster = true, .config = options.config};
    settings.config.push_back("cluster-node-timeout " + std::string(options.replicas ? "1000" : "10000"));
    settings.config.emplace_back("cluster-replica-validity-factor 0");
    settings.config.emplace_back("cluster-allow-replica-migration no");
    const std::size_t count = options.replicas ? 2 * masters : masters;
    for (std::size_t i = 0; i < count; ++i) {
        nodes_.push_back(std::make_unique<RedisServer>(settings));
        ids_.push_back(ask(*nodes_[i], {"CLUSTER", "MYID"}).text);
    }
    join();
}

void RedisCluster::join() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        ask(*nodes_[i], {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
        if (i < masters) ask(*nodes_[i], {"CLUSTER", "ADDSLOTSRANGE", shares[i].first, shares[i].second});
        if (i > 0)
            ask(*nodes_[0],
                {"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[i]->port()), std::to_string(nodes_[i]->bus_port())});
    }
    const std::string all = "cluster_known_nodes:" + std::to_string(nodes_.size());
    for (const auto& one : nodes_)
        demand(wait_for([&] { return knows(*one, all) && knows(*one, "cluster_slots_assigned:16384"); }),
               "the nodes do not meet");
    for (std::size_t i = masters; i < nodes_.size(); ++i)
        demand(wait_for([&] { return !nodes_[i]->command({"CLUSTER", "REPLICATE", ids_[i - masters]}).is_error(); }),
               "no replica");
    wait_until_ok();
}

std::string RedisCluster::url() const {
    std::string hosts;
    for (std::size_t i = 0; i < masters; ++i) hosts += (i == 0 ? "" : ",") + nodes_[i]->address();
    return "redis+cluster://" + (password_.empty() ? "" : ":" + password_ + "@") + hosts;
}

std::vector<std::size_t> RedisCluster::owners() {
    std::vector<std::size_t> all;
    for (const auto& one : nodes_) {
        if (one->pid() <= 0) continue;
        std::vector<std::size_t> told(16384, nodes_.size());
        for (const RedisReply& range : ask(*one, {"CLUSTER", "SLOTS"}).elements) {
            const auto port = range.elements.at(2).elements.at(1).integer;
            const auto owner = std::ranges::find_if(nodes_, [port](const auto& node) { return node->port() == port; });
            for (long long slot = range.elements.at(0).integer; slot <= range.elements.at(1).integer; ++slot)
                told.at(static_cast<std::size_t>(slot)) = static_cast<std::size_t>(owner - nodes_.begin());
        }
        if (all.empty()) all = told;
        for (std::size_t slot = 0; slot < all.size(); ++slot)
            if (all[slot] != told[slot]) all[slot] = nodes_.size();
    }
    return all;
}

void RedisCluster::move_slot(std::uint16_t slot, std::size_t to) {
    begin_move(slot, to);
    move_keys(slot, to);
    end_move(slot, to);
}

void RedisCluster::begin_move(std::uint16_t slot, std::size_t to) {
    const std::size_t from = owner(slot);
    const std::string number = std::to_string(slot);
    ask(*nodes_.at(to), {"CLUSTER", "SETSLOT", number, "IMPORTING", ids_.at(from)});
    ask(*nodes_.at(from), {"CLUSTER", "SETSLOT", number, "MIGRATING", ids_.at(to)});
}

void RedisCluster::move_keys(std::uint16_t slot, std::size_t to) {
    RedisServer& from = *nodes_.at(owner(slot));
    for (;;) {
        const RedisReply keys = ask(from, {"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), "100"});
        if (keys.elements.empty()) return;
        std::vector<std::string> words{"MIGRATE", "127.0.0.1", std::to_string(nodes_.at(to)->port()), "", "0", "5000"};
        if (!password_.empty()) words.insert(words.end(), {"AUTH", password_});
        words.emplace_back("KEYS");
        for (const RedisReply& key : keys.elements) words.push_back(key.text);
        ask(from, words);
    }
}

void RedisCluster::end_move(std::uint16_t slot, std::size_t to) {
    const std::size_t from = owner(slot);
    const std::vector<std::string> words{"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", ids_.at(to)};
    ask(*nodes_.at(to), words);
    ask(*nodes_.at(from), words);
    demand(wait_for([&] { return owner(slot) == to; }), "the slot did not move");
}

void RedisCluster::kill_master(std::size_t index) {
    const auto before = owners();
    const auto held = static_cast<std::uint16_t>(std::ranges::find(before, index) - before.begin());
    nodes_[index]->kill_hard();
    demand(wait_for([&] {
               const std::size_t now = owner(held);
               return now != index && now != nodes_.size();
           }),
           "no replica became master");
}

bool RedisCluster::agreed() {
    for (const auto& one : nodes_) {
        if (one->pid() <= 0) continue;
        if (!knows(*one, "cluster_state:ok")) return false;
        if (one->info("replication", "role") == "slave" && one->info("replication", "master_link_status") != "up") return false;
    }
    const auto all = owners();
    return std::ranges::find(all, nodes_.size()) == all.end();
}

void RedisCluster::wait_until_ok() {
    demand(wait_for([this] { return agreed(); }), "the cluster is not well");
}

}  // namespace tollgate::test
