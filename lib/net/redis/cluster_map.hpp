#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/one_shot.hpp"
#include "net/redis/link.hpp"
#include "net/redis/slot_table.hpp"

namespace tollgate::redis {

/// What a client knows of its cluster: the slot table, a link to each node it needs, and the coroutine that asks for the table
/// anew when there is doubt: at the start, after MOVED, while a link is away. It lives until `shut`, at most its timeout
/// longer.
class ClusterMap : public std::enable_shared_from_this<ClusterMap> {
public:
    /// `node` is what the link to each node has, but for its address.
    ClusterMap(const Runtime& runtime, std::vector<Address> seeds, LinkOptions node);

    /// Spawned once.
    static Task<void> watch(std::shared_ptr<ClusterMap> self);
    void shut() noexcept;

    /// A node and the link to it. Whoever waits on the link keeps it: callers of a link that goes are not resumed.
    struct Node {
        Address address;
        std::shared_ptr<Link> link;
    };

    /// The master that has the slot; false when none is known, and `trouble` tells why.
    bool find_master(std::uint16_t slot, Node& node);
    [[nodiscard]] Node node_at(const Address& address);

    /// The reply to what `Link::send` takes. Waits only a moment for a connection, since another node may take the slots over.
    Task<Answer> send(Node node, std::string_view wire, SteadyTime deadline, unsigned commands = 1);

    /// The table may be wrong: it is asked for again, once however many say so.
    void doubt();
    void moved(const Redirect& redirect);

    /// None before the first answer.
    [[nodiscard]] const SlotTable* table() const noexcept { return table_ ? &*table_ : nullptr; }
    Task<bool> wait_for_table(SteadyTime deadline);

    /// Why a slot has no master.
    [[nodiscard]] Failure trouble(std::uint16_t slot) const;

private:
    Task<bool> refresh();
    Task<std::expected<SlotTable, Failure>> ask(Address address, SteadyTime connected_by);
    [[nodiscard]] std::vector<Address> candidates() const;
    void replace(SlotTable table);
    void ring(bool there_is_a_table);
    [[nodiscard]] bool all_up() const;
    [[nodiscard]] LinkOptions options_for(const Address& address);

    const Runtime& runtime_;
    const std::vector<Address> seeds_;
    const LinkOptions node_;
    SteadyTime began_;
    std::optional<SlotTable> table_;
    std::map<Address, std::shared_ptr<Link>> links_;
    std::vector<std::weak_ptr<OneShot<bool>>> bells_;  // of those who wait for the first table
    std::size_t waiting_ = 0;                          // callers without a connection
    Failure last_;                                     // why the table could not be had
    std::unique_ptr<Timer> pause_;
    bool doubted_ = true;
    bool shut_ = false;
};

}  // namespace tollgate::redis
