#include "torture/world.hpp"

namespace tollgate::test {

World::World(const Plan& plan, Variables more) : sandbox(start_sandbox()) {
    more.insert({"TOLLGATE_SERVER_THREADS", std::to_string(plan.threads)});
    if (plan.store == Store::redis) {
        redis.emplace(RedisServer::Options{.append_only = true});
        more.insert({"TOLLGATE_STORE_URL", redis->url()});
    }
    const Variables settings = hasty_settings(folder, sandbox->url(), std::move(more));
    for (int i = 0; i < (redis ? 2 : 1); ++i) instances.push_back(std::make_unique<Instance>(settings, plan.binary));
}

void World::start_all() {
    for (const auto& one : instances) one->start();
}

std::vector<unsigned short> World::ports() const {
    std::vector<unsigned short> all;
    for (const auto& one : instances) all.push_back(one->port());
    return all;
}

std::vector<std::string> World::logs() const {
    std::vector<std::string> all;
    for (const auto& one : instances) {
        for (std::string& log : one->logs()) all.push_back(std::move(log));
    }
    return all;
}

Checked check_after_restart(World& world, const std::vector<Purchase>& purchases, Violations& violations, bool redis_died) {
    for (const auto& one : world.instances) {
        if (const int code = one->stop(); code != 0)
            violations.add("told to stop, a process exited " + std::to_string(code) + ": " + one->logs().back());
    }
    world.start_all();
    const Checked checked = check_promise(purchases, world.ports(), world.sandbox->port(), violations);
    // A process that is killed while its lost connection's words are sent again may leave a gap (stores/redis/redis_store.hpp).
    const std::string broken = world.instances.front()->broken_audit();
    const bool gap = redis_died && broken.find("the record is missing") != broken.npos;
    if (!broken.empty() && !gap) violations.add(broken);
    if (const std::string books = world.instances.front()->broken_books(); !books.empty()) violations.add(books);
    return checked;
}

std::string name(Store store) {
    return store == Store::sqlite ? "sqlite" : "redis";
}

}  // namespace tollgate::test
