#include <charconv>
#include <map>

#include "stores/redis/opening.hpp"

namespace tollgate::redis {
namespace {

using Settings = std::map<std::string, std::string, std::less<>>;

Settings read(ReplyView reply) {
    Settings settings;
    for (std::size_t i = 0; i + 1 < reply.size(); i += 2) settings.emplace(reply[i].text(), reply[i + 1].text());
    return settings;
}

std::string persistence(const Settings& settings) {
    if (settings.at("appendonly") != "yes") {
        return settings.at("save").empty()
                   ? "keeps its data in memory only: a restart loses every charge; set appendonly yes and appendfsync always"
                   : "saves snapshots only: a crash loses every charge since the last one; set appendonly yes and appendfsync "
                     "always";
    }
    if (settings.at("appendfsync") == "everysec") {
        return "syncs its file once a second: a crash of the machine loses up to two seconds of charges that were answered; "
               "set appendfsync always";
    }
    if (settings.at("appendfsync") == "no") {
        return "leaves it to the system when its file is synced: a crash of the machine loses some thirty seconds of charges "
               "that were answered; set appendfsync always";
    }
    if (settings.at("no-appendfsync-on-rewrite") == "yes") {
        return "does not sync its file while it is rewritten: a crash of the machine then loses charges that were answered; "
               "set no-appendfsync-on-rewrite no";
    }
    return {};
}

std::string replication(const Settings& settings, int replicas, int wait_replicas) {
    if (replicas == 0 || wait_replicas > 0) return {};
    if (settings.at("min-replicas-to-write") != "0") {
        return "has replicas, but its writes do not wait for them: a failover loses what was answered in the last moments "
               "before it; set store.wait_replicas = 1";
    }
    return "has replicas, but its writes do not wait for them: a failover loses what was answered in the moments before it, "
           "and a master that is cut off goes on without them; set store.wait_replicas = 1 and min-replicas-to-write 1";
}

}  // namespace

std::vector<std::string> durability_warnings(const std::string& server, ReplyView reply, int replicas, int wait_replicas) {
    std::vector<std::string> warnings;
    const auto warn = [&](const std::string& what) {
        if (!what.empty()) warnings.push_back("Redis " + server + " " + what);
    };
    const Settings settings = read(reply);
    for (const char* name : {"appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory", "maxmemory-policy", "save",
                             "min-replicas-to-write"}) {
        if (settings.contains(name)) continue;
        warn(
            "does not tell its settings (CONFIG GET is not allowed): whether a crash loses charges is unknown; allow it, or "
            "make sure of appendonly yes, appendfsync always and maxmemory-policy noeviction");
        return warnings;
    }
    warn(persistence(settings));
    if (settings.at("maxmemory-policy") != "noeviction") {
        warn("may evict charges when its memory is full (maxmemory-policy " + settings.at("maxmemory-policy") +
             "): a key that is gone is charged again; set maxmemory-policy noeviction");
    }
    warn(replication(settings, replicas, wait_replicas));
    return warnings;
}

}  // namespace tollgate::redis
