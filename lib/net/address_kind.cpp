#include "net/address_kind.hpp"

#include <algorithm>
#include <array>

namespace tollgate {
namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

template <class Bits>
struct Block {
    Bits first;
    int length;  // of the prefix
    AddressKind kind;
};

/// Not globally reachable by the IPv4 registry, and multicast (RFC 5771). No block lies within another.
constexpr std::array<Block<std::uint32_t>, 16> blocks_v4{{
    {0x00000000, 8, AddressKind::unspecified},   // 0.0.0.0/8, RFC 791
    {0x0a000000, 8, AddressKind::private_use},   // 10.0.0.0/8, RFC 1918
    {0x64400000, 10, AddressKind::private_use},  // 100.64.0.0/10, RFC 6598
    {0x7f000000, 8, AddressKind::loopback},      // 127.0.0.0/8, RFC 1122
    {0xa9fe0000, 16, AddressKind::link_local},   // 169.254.0.0/16, RFC 3927
    {0xac100000, 12, AddressKind::private_use},  // 172.16.0.0/12, RFC 1918
    {0xc0000000, 24, AddressKind::reserved},     // 192.0.0.0/24, RFC 6890
    {0xc0000200, 24, AddressKind::reserved},     // 192.0.2.0/24, RFC 5737
    {0xc0586300, 24, AddressKind::reserved},     // 192.88.99.0/24, RFC 7526
    {0xc0a80000, 16, AddressKind::private_use},  // 192.168.0.0/16, RFC 1918
    {0xc6120000, 15, AddressKind::reserved},     // 198.18.0.0/15, RFC 2544
    {0xc6336400, 24, AddressKind::reserved},     // 198.51.100.0/24, RFC 5737
    {0xcb007100, 24, AddressKind::reserved},     // 203.0.113.0/24, RFC 5737
    {0xe0000000, 4, AddressKind::multicast},     // 224.0.0.0/4
    {0xffffffff, 32, AddressKind::multicast},    // 255.255.255.255, RFC 919
    {0xf0000000, 4, AddressKind::reserved},      // 240.0.0.0/4, RFC 1112; after the broadcast address that lies in it
}};

/// By their upper half, which all of these blocks lie in. Within 2000::/3, outside of which nothing is global yet; the
/// other way round, everything within 2001::/23 is taken for what most of it is.
constexpr std::array<Block<std::uint64_t>, 7> blocks_v6{{
    {0xfc00'0000'0000'0000, 7, AddressKind::private_use},  // fc00::/7, RFC 4193
    {0xfe80'0000'0000'0000, 10, AddressKind::link_local},  // fe80::/10, RFC 4291
    {0xff00'0000'0000'0000, 8, AddressKind::multicast},    // ff00::/8, RFC 4291
    {0x2001'0000'0000'0000, 23, AddressKind::reserved},    // 2001::/23, RFC 2928; Teredo is 2001::/32, RFC 4380
    {0x2001'0db8'0000'0000, 32, AddressKind::reserved},    // 2001:db8::/32, RFC 3849
    {0x2002'0000'0000'0000, 16, AddressKind::reserved},    // 2002::/16, 6to4, RFC 3056
    {0x3fff'0000'0000'0000, 20, AddressKind::reserved},    // 3fff::/20, RFC 9637
}};

template <class Bits, std::size_t Count>
AddressKind kind_in(const std::array<Block<Bits>, Count>& blocks, Bits bits, AddressKind otherwise) noexcept {
    const auto within = [bits](const Block<Bits>& block) {
        return ((bits ^ block.first) >> (static_cast<int>(sizeof(Bits)) * 8 - block.length)) == 0;
    };
    const auto* const found = std::ranges::find_if(blocks, within);
    return found == blocks.end() ? otherwise : found->kind;
}

AddressKind kind_of(const address_v4& address) noexcept {
    return kind_in(blocks_v4, std::uint32_t{address.to_uint()}, AddressKind::global);
}

std::uint64_t upper_half(const address_v6::bytes_type& bytes) noexcept {
    std::uint64_t half = 0;
    for (std::size_t i = 0; i < 8; ++i) half = (half << 8) | bytes[i];
    return half;
}

AddressKind kind_of(const address_v6& address) noexcept {
    if (address.is_loopback()) return AddressKind::loopback;
    if (address.is_unspecified()) return AddressKind::unspecified;
    const auto bytes = address.to_bytes();
    constexpr std::array<unsigned char, 12> nat64{0x00, 0x64, 0xff, 0x9b};
    if (address.is_v4_mapped() || std::equal(nat64.begin(), nat64.end(), bytes.begin()))
        return kind_of(address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}));
    const std::uint64_t upper = upper_half(bytes);
    const bool given_out = upper >> 61 == 1;  // 2000::/3, "Global Unicast"
    return kind_in(blocks_v6, upper, given_out ? AddressKind::global : AddressKind::reserved);
}

}  // namespace

AddressKind kind_of(const boost::asio::ip::address& address) noexcept {
    return address.is_v4() ? kind_of(address.to_v4()) : kind_of(address.to_v6());
}

std::string_view describe(AddressKind kind) noexcept {
    switch (kind) {
        case AddressKind::global:
            return "a public address";
        case AddressKind::loopback:
            return "a loopback address";
        case AddressKind::private_use:
            return "a private address";
        case AddressKind::link_local:
            return "a link-local address";
        case AddressKind::unspecified:
            return "an address that names no host";
        case AddressKind::multicast:
            return "a multicast address";
        case AddressKind::reserved:
            break;
    }
    return "a reserved address";
}

}  // namespace tollgate
