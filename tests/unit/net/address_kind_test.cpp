#include "net/address_kind.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace tollgate;

namespace {

using Rows = std::vector<std::pair<AddressKind, std::vector<std::string>>>;

void check(const Rows& rows) {
    for (const auto& [kind, addresses] : rows) {
        for (const std::string& text : addresses) {
            CAPTURE(text);
            CHECK(describe(kind_of(boost::asio::ip::make_address(text))) == describe(kind));
        }
    }
}

}  // namespace

TEST_CASE("every IPv4 block of the special-purpose registry is told from its public neighbours, at both of its ends") {
    check({
        {AddressKind::unspecified, {"0.0.0.0", "0.255.255.255"}},
        {AddressKind::private_use,
         {"10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
          "192.168.255.255"}},
        {AddressKind::loopback, {"127.0.0.0", "127.0.0.1", "127.255.255.255"}},
        {AddressKind::link_local, {"169.254.0.0", "169.254.169.254", "169.254.255.255"}},
        {AddressKind::reserved,
         {"192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0", "192.88.99.255", "198.18.0.0",
          "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "240.0.0.0", "255.255.255.254"}},
        {AddressKind::multicast, {"224.0.0.0", "239.255.255.255", "255.255.255.255"}},
        {AddressKind::global,
         {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",      "100.63.255.255", "100.128.0.0",     "126.255.255.255",
          "128.0.0.0",       "169.253.255.255", "169.255.0.0",   "172.15.255.255", "172.32.0.0",      "191.255.255.255",
          "192.0.1.0",       "192.0.3.0",       "192.88.98.255", "192.88.100.0",   "192.167.255.255", "192.169.0.0",
          "198.17.255.255",  "198.20.0.0",      "198.51.99.255", "198.51.101.0",   "203.0.112.255",   "203.0.114.0",
          "223.255.255.255", "8.8.8.8"}},
    });
}

TEST_CASE("an IPv6 address is public only where global unicast addresses are given out") {
    check({
        {AddressKind::unspecified, {"::"}},
        {AddressKind::loopback, {"::1"}},
        {AddressKind::private_use, {"fc00::", "fd00:ec2::254", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
        {AddressKind::link_local, {"fe80::", "fe80::1%2", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
        {AddressKind::multicast, {"ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
        {AddressKind::reserved,
         {"::2", "100::1", "64:ff9b:1::1", "1fff:ffff::1", "4000::", "5f00::1", "fec0::1", "2001::1", "2001:2::1",
          "2001:1ff:ffff::1", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::1", "3fff:fff:ffff::1"}},
        {AddressKind::global,
         {"2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111", "3fff:1000::1",
          "3ffe:ffff::1"}},
    });
}

TEST_CASE("an IPv4 address within an IPv6 one is judged for itself where it is reached, and refused elsewhere") {
    check({
        {AddressKind::global, {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8"}},
        {AddressKind::private_use, {"::ffff:10.0.0.1", "64:ff9b::10.0.0.1"}},
        {AddressKind::loopback, {"::ffff:127.0.0.1", "64:ff9b::127.0.0.1"}},
        {AddressKind::link_local, {"::ffff:169.254.169.254", "64:ff9b::169.254.169.254"}},
        {AddressKind::reserved,
         {"::8.8.8.8", "::127.0.0.1", "2002:808:808::1", "2002:7f00:1::1", "2001:0:808:808::1", "::fffe:8.8.8.8"}},
    });
}
