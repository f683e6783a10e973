#include "net/redis/cluster_map.hpp"

#include <algorithm>

#include "net/redis/errors.hpp"
#include "resilience/backoff.hpp"

namespace tollgate::redis {
namespace {

using namespace std::chrono_literals;

constexpr Backoff between_refreshes{.base_delay = 100ms, .max_delay = 500ms, .multiplier = 2.0};
constexpr Milliseconds refreshes_apart{50};

// A caller looks again at the table so often while its node is away.
constexpr Milliseconds wait_for_link{100};

/// Counts a caller that waits, for as long as it does.
class Counted {
public:
    explicit Counted(std::size_t& count) noexcept : count_(count) { ++count_; }
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::size_t& count_;
};

}  // namespace

ClusterMap::ClusterMap(const Runtime& runtime, std::vector<Address> seeds, LinkOptions node)
    : runtime_(runtime),
      seeds_(std::move(seeds)),
      node_(std::move(node)),
      began_(runtime.clock.steady()),
      last_{Execution::not_executed, "no node of the cluster has answered yet"},
      pause_(runtime.timers.make()) {}

void ClusterMap::shut() noexcept {
    shut_ = true;
    // Callers hold the link that they wait on, and would keep each other for ever.
    for (const auto& [address, link] : std::exchange(links_, {})) link->shut();
    pause_->wake();
}

Task<void> ClusterMap::watch(std::shared_ptr<ClusterMap> self) {
    self->began_ = self->runtime_.clock.steady();  // a loop may begin to run long after the client was made
    int failures = 0;
    while (!self->shut_) {
        self->doubted_ = false;
        const bool good = co_await self->refresh();
        if (self->shut_) co_return;
        failures = good ? 0 : failures + 1;
        Milliseconds pause = refreshes_apart;
        if (failures > 0) pause += full_jitter(between_refreshes, failures - 1, self->runtime_.random);
        co_await sleep_for(self->runtime_, pause);
        while (good && !self->doubted_ && !self->shut_) co_await self->pause_->wait_until(SteadyTime::max());
    }
}

void ClusterMap::doubt() {
    if (std::exchange(doubted_, true)) return;
    pause_->wake();
}

void ClusterMap::moved(const Redirect& redirect) {
    if (table_) table_->move(redirect.slot, redirect.to);
    doubt();
}

/// True when there is a new table and a connection to every master that is in use; else it is asked for again.
Task<bool> ClusterMap::refresh() {
    const std::vector<Address> all = candidates();
    // A silent one must not use up the time of those behind it.
    const Milliseconds budget = std::max<Milliseconds>(node_.timeout / static_cast<int>(all.size()), 50ms);
    bool settings_at_fault = true;
    std::string reasons;
    for (const Address& address : all) {
        auto table = co_await ask(address, runtime_.clock.steady() + budget);
        if (shut_) co_return false;
        if (table) {
            replace(std::move(*table));
            co_return all_up();
        }
        settings_at_fault = settings_at_fault && table.error().settings_at_fault;
        reasons += (reasons.empty() ? "" : ", ") + table.error().why;
        if (reasons.size() > 1000) break;
    }
    last_ = {Execution::not_executed, "no node of the cluster tells who has its slots: " + reasons, settings_at_fault};
    if (settings_at_fault) ring(false);
    co_return false;
}

Task<std::expected<SlotTable, Failure>> ClusterMap::ask(Address address, SteadyTime connected_by) {
    const Node node = node_at(address);
    const Command question{"CLUSTER", "SLOTS"};
    if (!co_await node.link->wait_until_up(connected_by)) co_return std::unexpected(node.link->trouble());
    const Answer answer = co_await node.link->send(question.wire(), runtime_.clock.steady() + node_.timeout);
    if (!answer) co_return std::unexpected(answer.error());
    Failure failure{Execution::not_executed, "Redis at " + to_string(address) + ": "};
    if (!answer->is_error()) {
        auto table = SlotTable::from(*answer, address);
        if (table) co_return std::move(*table);
        failure.why += table.error();
    } else if (answer->text().find("cluster support disabled") != std::string_view::npos) {
        failure.why += "it is no node of a cluster; a server by itself is reached with redis://";
        failure.settings_at_fault = true;
    } else {
        failure.why += "it answers " + std::string(answer->text());
    }
    co_return std::unexpected(std::move(failure));
}

/// Nodes that are connected first; the URL's own last, in case all of the others have left.
std::vector<Address> ClusterMap::candidates() const {
    std::vector<Address> all;
    const auto add = [&all](const Address& one) {
        if (std::ranges::find(all, one) == all.end()) all.push_back(one);
    };
    for (const auto& [address, link] : links_)
        if (link->is_up()) add(address);
    if (table_) std::ranges::for_each(table_->nodes(), add);
    std::ranges::for_each(seeds_, add);
    return all;
}

void ClusterMap::replace(SlotTable table) {
    table_ = std::move(table);
    std::vector<Address> masters;
    for (const std::uint16_t slot : table_->a_slot_of_each_master()) masters.push_back(*table_->master_of(slot));
    std::erase_if(links_, [&masters](const auto& one) { return std::ranges::find(masters, one.first) == masters.end(); });
    for (const Address& one : masters) (void)node_at(one);
    ring(true);
}

void ClusterMap::ring(bool there_is_a_table) {
    for (const auto& one : std::exchange(bells_, {}))
        if (const auto bell = one.lock()) bell->set(there_is_a_table);
}

bool ClusterMap::all_up() const {
    return std::ranges::all_of(links_, [](const auto& one) { return one.second->is_up(); });
}

ClusterMap::Node ClusterMap::node_at(const Address& address) {
    // Not reached but by a server that sends us anywhere: what nobody uses is made again when it is needed.
    if (links_.size() >= SlotTable::nodes_max)
        std::erase_if(links_, [](const auto& one) { return one.second.use_count() == 1; });
    std::shared_ptr<Link>& link = links_[address];
    if (!link) link = std::make_shared<Link>(runtime_, options_for(address));
    return {address, link};
}

LinkOptions ClusterMap::options_for(const Address& address) {
    LinkOptions options = node_;
    options.where = [address](SteadyTime) -> Task<Result<Address>> { co_return address; };
    options.hook = [self = weak_from_this(), told = node_.hook](const LinkChange& change) {
        const auto map = self.lock();
        if (!map || map->shut_) return;
        if (!change.up) map->doubt();
        if (told) told(change);
    };
    return options;
}

Task<bool> ClusterMap::wait_for_table(SteadyTime deadline) {
    if (table_) co_return true;
    if (trouble(0).outage || last_.settings_at_fault || waiting_ >= node_.waiting_max) co_return false;
    const auto bell = std::make_shared<OneShot<bool>>(runtime_);
    bells_.push_back(bell);
    const Counted one(waiting_);
    const auto rung = co_await bell->wait_until(deadline);
    co_return rung.value_or(false);
}

bool ClusterMap::find_master(std::uint16_t slot, Node& node) {
    if (!table_) return false;
    const Address* const address = table_->master_of(slot);
    if (address == nullptr) {
        doubt();
        return false;
    }
    node = node_at(*address);
    return true;
}

Failure ClusterMap::trouble(std::uint16_t slot) const {
    if (table_) return {Execution::not_executed, "no node of the cluster has hash slot " + std::to_string(slot)};
    Failure failure = last_;
    failure.outage = runtime_.clock.steady() - began_ >= node_.timeout;
    return failure;
}

Task<Answer> ClusterMap::send(Node node, std::string_view wire, SteadyTime deadline, unsigned commands) {
    if (!node.link->is_up()) {
        if (waiting_ >= node_.waiting_max)
            co_return std::unexpected(Failure{Execution::not_executed, "too many operations wait for Redis"});
        doubt();
        const Counted one(waiting_);
        if (!co_await node.link->wait_until_up(std::min(deadline, runtime_.clock.steady() + wait_for_link)))
            co_return std::unexpected(node.link->trouble());
    }
    co_return co_await node.link->send(wire, deadline, commands);
}

}  // namespace tollgate::redis
