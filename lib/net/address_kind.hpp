#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string_view>

namespace tollgate {

/// What an address is for, by IANA's registries of special-purpose addresses (RFC 6890, RFC 8190) and of IPv6 address space
/// (RFC 4291). For the question whether it may be called on somebody else's word.
enum class AddressKind : std::uint8_t {
    global,       // a host of the public internet
    loopback,     // 127/8, ::1
    private_use,  // of a network of one's own: RFC 1918, shared (100.64/10), unique local (fc00::/7)
    link_local,   // 169.254/16, fe80::/10; clouds tell machines their secrets there
    unspecified,  // 0/8, ::
    multicast,    // 224/4, ff00::/8, and 255.255.255.255, the broadcast
    reserved,     // documentation, benchmarks, protocols, tunnels of old, and what nobody has been given yet
};

/// An IPv4 address within an IPv6 one is judged for itself where it is what would be reached: IPv4-mapped (::ffff:0:0/96)
/// and NAT64 (64:ff9b::/96, RFC 6052). The other ways to write one (IPv4-compatible, 6to4, Teredo) are `reserved`.
[[nodiscard]] AddressKind kind_of(const boost::asio::ip::address& address) noexcept;

/// As "a private address"; for sentences.
[[nodiscard]] std::string_view describe(AddressKind kind) noexcept;

}  // namespace tollgate
