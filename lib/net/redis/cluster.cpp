#include "net/redis/cluster.hpp"

#include "net/redis/cluster_map.hpp"
#include "net/redis/retries.hpp"

namespace tollgate::redis {
namespace {

constexpr int hops_max = 5;   // from node to node, without a pause in between
constexpr int loads_max = 3;  // of a script that is flushed again and again

/// One command on its way to the node that executes it. Lives in its caller's coroutine.
class Journey {
public:
    Journey(std::shared_ptr<ClusterMap> map, const Runtime& runtime, const Script* script, SteadyTime deadline, Repeat repeat)
        : map_(std::move(map)), script_(script), deadline_(deadline), retries_(runtime, deadline, repeat) {}

    /// Whether it shall be sent once more, after a sending that brought no good reply; else `failure` tells why not.
    Task<bool> again(const ClusterMap::Node& node, const Answer& answer) {
        if (answer) {
            if (auto redirect = redirect_from(answer->text(), node.address)) co_return follow(std::move(*redirect));
            if (kind_of(answer->text()) == ErrorKind::unknown_script && co_await load(node)) co_return true;
        }
        if (!answer || kind_of(answer->text()) == ErrorKind::not_now || kind_of(answer->text()) == ErrorKind::demoted)
            map_->doubt();
        asked_to_.reset();
        hops_ = 0;
        co_return co_await retries_.again(answer);
    }

    [[nodiscard]] Failure failure() const {
        Failure failure = retries_.failure();
        if (hops_ > hops_max) failure.why = "the cluster's nodes send this command from one to another without end";
        return failure;
    }

    /// Where the answer was ASK: for the next sending only.
    [[nodiscard]] const std::optional<Address>& asked_to() const noexcept { return asked_to_; }

private:
    bool follow(Redirect redirect) {
        if (++hops_ > hops_max) return false;
        asked_to_.reset();
        if (redirect.ask) {
            asked_to_ = std::move(redirect.to);
        } else {
            map_->moved(redirect);
        }
        return true;
    }

    Task<bool> load(ClusterMap::Node node) {
        if (script_ == nullptr || ++loads_ > loads_max) co_return false;
        const Command load = script_->load();
        const Answer loaded = co_await map_->send(node, load.wire(), deadline_);
        co_return loaded && !loaded->is_error();
    }

    const std::shared_ptr<ClusterMap> map_;
    const Script* const script_;
    const SteadyTime deadline_;
    Retries retries_;
    std::optional<Address> asked_to_;
    int hops_ = 0;
    int loads_ = 0;
};

class ClusterClient final : public Client {
public:
    ClusterClient(const Runtime& runtime, std::vector<Address> seeds, LinkOptions node)
        : runtime_(runtime), map_(std::make_shared<ClusterMap>(runtime, std::move(seeds), std::move(node))) {
        spawn(runtime.executor, ClusterMap::watch(map_));
    }
    ~ClusterClient() override { map_->shut(); }

    Task<Answer> call(Command command, std::uint16_t slot, SteadyTime deadline, Repeat repeat) override {
        return ask(std::move(command), nullptr, slot, deadline, repeat);
    }

    Task<Result<std::vector<std::uint16_t>>> a_slot_of_each_master(SteadyTime deadline) override {
        if (!co_await map_->wait_for_table(deadline)) co_return fail(Code::store_unavailable, map_->trouble(0).why);
        co_return map_->table()->a_slot_of_each_master();
    }

protected:
    Task<Answer> call_script(Command command, const Script& script, std::uint16_t slot, SteadyTime deadline) override {
        return ask(std::move(command), &script, slot, deadline, Repeat::safe);
    }

private:
    Task<Answer> ask(Command command, const Script* script, std::uint16_t slot, SteadyTime deadline, Repeat repeat) {
        const auto map = map_;
        Journey journey(map, runtime_, script, deadline, repeat);
        while (true) {
            ClusterMap::Node node;
            if (journey.asked_to()) {
                node = map->node_at(*journey.asked_to());
            } else if (!map->find_master(slot, node)) {
                co_await map->wait_for_table(deadline);
                (void)map->find_master(slot, node);
            }
            Answer answer;
            if (!node.link) {
                answer = std::unexpected(map->trouble(slot));
            } else if (journey.asked_to()) {
                // ASKING counts for the very next command of its connection, so both leave together.
                const std::string both = Command{"ASKING"}.wire() + command.wire();
                answer = co_await map->send(node, both, deadline, 2);
            } else if (node.link->is_up()) {
                answer = co_await node.link->send(command.wire(), deadline);
            } else {
                answer = co_await map->send(node, command.wire(), deadline);
            }
            if (answer && !answer->is_error()) co_return answer;
            if (!co_await journey.again(node, answer)) co_return std::unexpected(journey.failure());
        }
    }

    const Runtime& runtime_;
    const std::shared_ptr<ClusterMap> map_;
};

}  // namespace

Result<std::unique_ptr<Client>> make_cluster_client(const Runtime& runtime, Options options,
                                                    std::function<void(const LinkChange&)> hook) {
    if (options.database != 0)
        return fail(Code::bad_request,
                    "a Redis Cluster has database 0 only, and store.url names database " + std::to_string(options.database));
    auto node = link_options(options, std::move(hook));
    if (!node) return fail(std::move(node.error()));
    return std::make_unique<ClusterClient>(runtime, std::move(options.servers), std::move(*node));
}

}  // namespace tollgate::redis
