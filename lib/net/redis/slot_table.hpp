#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/redis/client.hpp"
#include "net/redis/reply.hpp"

namespace tollgate::redis {

inline constexpr std::size_t slots_of_a_cluster = 16384;

/// Where MOVED or ASK sends a command.
struct Redirect {
    bool ask = false;  // for this command only; else from now on
    std::uint16_t slot = 0;
    Address to;

    friend bool operator==(const Redirect&, const Redirect&) = default;
};

/// "MOVED 3999 10.0.0.7:6381"; an empty host means the one that was asked. Nothing for any other error, or one that cannot
/// be read.
[[nodiscard]] std::optional<Redirect> redirect_from(std::string_view error, const Address& asked);

/// Which master has which hash slot (https://redis.io/docs/latest/commands/cluster-slots).
class SlotTable {
public:
    static constexpr std::size_t nodes_max = 1024;  // Redis itself is made for a thousand

    /// Reads the reply to CLUSTER SLOTS of the node at `asked`; or the reason why it is none, a sentence without a full stop.
    [[nodiscard]] static std::expected<SlotTable, std::string> from(const ReplyView& reply, const Address& asked);

    /// None: nobody has it.
    [[nodiscard]] const Address* master_of(std::uint16_t slot) const noexcept;
    /// One slot has moved.
    void move(std::uint16_t slot, const Address& to);

    /// The first slot of every master that has any.
    [[nodiscard]] std::vector<std::uint16_t> a_slot_of_each_master() const;
    /// Masters and replicas.
    [[nodiscard]] const std::vector<Address>& nodes() const noexcept { return nodes_; }

private:
    static constexpr std::uint16_t nobody = 0xffff;

    SlotTable() : owners_(slots_of_a_cluster, nobody) {}
    std::uint16_t index_of(const Address& address);  // `nobody` when there are too many
    bool take_range(const ReplyView& range, const Address& asked);

    std::vector<Address> nodes_;
    std::map<Address, std::uint16_t> indexes_;
    std::vector<std::uint16_t> owners_;  // by slot, places in nodes_
};

}  // namespace tollgate::redis
