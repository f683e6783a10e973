#include "stores/placement.hpp"

#include "stores/digest.hpp"

namespace tollgate {
namespace {

/// The low six of the ten bits in two characters of base32.
int partition_of(std::string_view place) noexcept {
    static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned bits = 0;
    for (const char character : place) {
        const std::size_t value = alphabet.find(character);
        bits = bits * 32 + static_cast<unsigned>(value == std::string_view::npos ? 0 : value);
    }
    return static_cast<int>(bits % partitions);
}

}  // namespace

std::string place_of(std::string_view tenant) {
    return base32(digest_of({"tenant", tenant}), 2).substr(0, 2);
}

int partition_of_charge(std::string_view charge_id) noexcept {
    static constexpr std::size_t prefix = 3;
    return charge_id.size() < prefix + 2 ? 0 : partition_of(charge_id.substr(prefix, 2));
}

int partition_of_event(std::string_view event_id) noexcept {
    const std::size_t place = event_id.find('_') + 1;  // 0: there is none
    return place == 0 || event_id.size() < place + 2 ? 0 : partition_of(event_id.substr(place, 2));
}

int partition_of_tenant(std::string_view tenant) {
    return partition_of(place_of(tenant));
}

}  // namespace tollgate
