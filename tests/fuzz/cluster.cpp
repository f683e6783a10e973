// What a cluster says of its slots: a redirect on the first line ("MOVED 1 10.0.0.7:6381"), a reply to CLUSTER SLOTS behind it.
#include <algorithm>

#include "fuzz/support/fuzz.hpp"
#include "net/redis/command.hpp"
#include "net/redis/slot_table.hpp"

namespace tollgate::fuzz {
namespace {

using redis::Address;
using redis::Redirect;
using redis::Reply;
using redis::slots_of_a_cluster;
using redis::SlotTable;

const Address asked{"10.0.0.1", 7000};

void check_address(const Address& address) {
    expect(!address.host.empty() && address.host.size() <= 255 && address.port != 0, "a node has an address");
}

void check_redirect(const Redirect& redirect) {
    check_address(redirect.to);
    expect(redirect.slot < slots_of_a_cluster, "a redirect is about a slot there is");
    const std::string said = (redirect.ask ? "ASK " : "MOVED ") + std::to_string(redirect.slot) + " " + redirect.to.host + ":" +
                             std::to_string(redirect.to.port);
    expect(redis::redirect_from(said, asked) == redirect, "a redirect written anew says the same");
}

std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

/// The table as a server would tell it; empty when no slot has a master.
std::string told_anew(const SlotTable& table) {
    std::string ranges;
    std::size_t count = 0;
    for (std::size_t first = 0, next = 0; first < slots_of_a_cluster; first = next) {
        const Address* const master = table.master_of(static_cast<std::uint16_t>(first));
        while (next < slots_of_a_cluster && table.master_of(static_cast<std::uint16_t>(next)) == master) ++next;
        if (master == nullptr) continue;
        ranges += "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(next - 1) + "\r\n*2\r\n" + bulk(master->host) +
                  ":" + std::to_string(master->port) + "\r\n";
        ++count;
    }
    return count == 0 ? "" : "*" + std::to_string(count) + "\r\n" + ranges;
}

std::optional<Reply> read(std::string_view bytes) {
    const redis::Reader reader = redis::make_reader();
    redisReaderFeed(reader.get(), bytes.data(), bytes.size());
    void* reply = nullptr;
    if (redisReaderGetReply(reader.get(), &reply) != REDIS_OK || reply == nullptr) return std::nullopt;
    return Reply(static_cast<redisReply*>(reply));
}

void check_table(SlotTable table, const std::optional<Redirect>& redirect) {
    expect(table.nodes().size() <= SlotTable::nodes_max, "a table has no more nodes than a cluster");
    std::ranges::for_each(table.nodes(), check_address);
    for (const std::uint16_t slot : table.a_slot_of_each_master())
        expect(table.master_of(slot) != nullptr, "a master has its slot");
    if (const std::string anew = told_anew(table); !anew.empty()) {
        const auto again = SlotTable::from(*read(anew), asked);
        expect(again.has_value(), "a table told anew can be read");
        for (std::uint16_t slot = 0; slot < slots_of_a_cluster; ++slot) {
            const auto* const one = table.master_of(slot);
            const auto* const other = again->master_of(slot);
            expect((one == nullptr) == (other == nullptr) && (one == nullptr || *one == *other),
                   "a table told anew is the same");
        }
    }
    if (!redirect) return;
    const bool full = table.nodes().size() == SlotTable::nodes_max;
    table.move(redirect->slot, redirect->to);
    const auto* const master = table.master_of(redirect->slot);
    expect(full || (master != nullptr && *master == redirect->to), "a slot that moved has its new master");
}

}  // namespace

void judge(std::string_view input) {
    const std::string_view said = take_line(input);
    const auto redirect = redis::redirect_from(said, asked);
    if (redirect) check_redirect(*redirect);
    expect(redis::slot_of(said) < slots_of_a_cluster, "a key has a slot there is");
    const auto reply = read(input);
    if (!reply) return;
    auto table = SlotTable::from(*reply, asked);
    if (!table) return expect(!table.error().empty(), "a table that cannot be read has a reason");
    check_table(std::move(*table), redirect);
}

}  // namespace tollgate::fuzz
