#include "net/redis/slot_table.hpp"

#include <charconv>

namespace tollgate::redis {
namespace {

constexpr std::size_t host_max = 255;

std::optional<unsigned> number_in(std::string_view digits, unsigned max) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number > max) return std::nullopt;
    return number;
}

std::optional<Address> address_of(std::string_view host, std::int64_t port) {
    if (host.empty() || host.size() > host_max || port < 1 || port > 65535) return std::nullopt;
    return Address{std::string(host), static_cast<std::uint16_t>(port)};
}

/// A node of CLUSTER SLOTS: host, port, id, and since Redis 7 pairs that may name its address. A nil or empty host is the one
/// that was asked; "?" is a node whose name is not known.
std::optional<Address> node_in(const ReplyView& node, const Address& asked) {
    std::string_view host = node[0].text();
    if (host == "?") {
        host = {};
        for (std::size_t i = 0; i + 1 < node[3].size(); i += 2)
            if (node[3][i].text() == "ip") host = node[3][i + 1].text();
    }
    return address_of(host.empty() ? std::string_view(asked.host) : host, node[1].integer());
}

std::string_view take_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

}  // namespace

std::optional<Redirect> redirect_from(std::string_view error, const Address& asked) {
    const std::string_view kind = take_word(error);
    if (kind != "MOVED" && kind != "ASK") return std::nullopt;
    const auto slot = number_in(take_word(error), slots_of_a_cluster - 1);
    const std::string_view place = take_word(error);
    const std::size_t colon = place.rfind(':');  // the last one: the host may be an IPv6 address, without brackets
    if (!slot || colon == std::string_view::npos) return std::nullopt;
    std::string_view host = place.substr(0, colon);
    if (host.empty() || host == "?") host = asked.host;
    const auto port = number_in(place.substr(colon + 1), 65535);
    auto to = address_of(host, port.value_or(0));
    if (!to) return std::nullopt;
    return Redirect{kind == "ASK", static_cast<std::uint16_t>(*slot), std::move(*to)};
}

std::expected<SlotTable, std::string> SlotTable::from(const ReplyView& reply, const Address& asked) {
    if (!reply.is_array() || reply.size() > slots_of_a_cluster) return std::unexpected("its slot table cannot be read");
    if (reply.size() == 0) return std::unexpected("it knows of no node that has slots");
    SlotTable table;
    for (std::size_t i = 0; i < reply.size(); ++i)
        if (!table.take_range(reply[i], asked)) return std::unexpected("its slot table cannot be read");
    return table;
}

bool SlotTable::take_range(const ReplyView& range, const Address& asked) {
    const std::int64_t first = range[0].integer();
    const std::int64_t last = range[1].integer();
    if (range.size() < 3 || first < 0 || last < first || last >= static_cast<std::int64_t>(slots_of_a_cluster)) return false;
    for (std::size_t i = 2; i < range.size(); ++i) {
        const auto node = node_in(range[i], asked);
        if (!node) return false;
        const std::uint16_t index = index_of(*node);
        if (index == nobody) return false;
        if (i > 2) continue;  // a replica
        for (std::int64_t slot = first; slot <= last; ++slot) owners_[static_cast<std::size_t>(slot)] = index;
    }
    return true;
}

std::uint16_t SlotTable::index_of(const Address& address) {
    const auto known = indexes_.find(address);
    if (known != indexes_.end()) return known->second;
    if (nodes_.size() >= nodes_max) return nobody;
    const auto index = static_cast<std::uint16_t>(nodes_.size());
    nodes_.push_back(address);
    indexes_.emplace(address, index);
    return index;
}

const Address* SlotTable::master_of(std::uint16_t slot) const noexcept {
    if (slot >= slots_of_a_cluster || owners_[slot] == nobody) return nullptr;
    return &nodes_[owners_[slot]];
}

void SlotTable::move(std::uint16_t slot, const Address& to) {
    if (slot < slots_of_a_cluster) owners_[slot] = index_of(to);
}

std::vector<std::uint16_t> SlotTable::a_slot_of_each_master() const {
    std::vector<std::uint16_t> firsts;
    std::vector<bool> seen(nodes_.size());
    for (std::size_t slot = 0; slot < owners_.size(); ++slot) {
        const std::uint16_t owner = owners_[slot];
        if (owner == nobody || seen[owner]) continue;
        seen[owner] = true;
        firsts.push_back(static_cast<std::uint16_t>(slot));
    }
    return firsts;
}

}  // namespace tollgate::redis
