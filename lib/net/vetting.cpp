#include "net/vetting.hpp"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/ip/address.hpp>

#include "net/address_kind.hpp"

namespace tollgate {
namespace {

namespace ip = boost::asio::ip;

bool written_out(std::string_view host) {
    boost::system::error_code no_address;
    ip::make_address(host, no_address);
    return !no_address;
}

bool may_be_written(AddressKind kind) {
    return kind != AddressKind::link_local && kind != AddressKind::multicast && kind != AddressKind::unspecified;
}

}  // namespace

std::optional<std::string> vet_target(std::string_view host, std::span<const ip::tcp::endpoint> addresses) {
    const bool literal = written_out(host);
    const bool local = boost::algorithm::iequals(host, "localhost");
    for (const auto& endpoint : addresses) {
        const AddressKind kind = kind_of(endpoint.address());
        if (literal ? may_be_written(kind) : kind == (local ? AddressKind::loopback : AddressKind::global)) continue;
        const std::string what = endpoint.address().to_string() + ", " + std::string(describe(kind));
        if (literal) return "is " + what + ": write the name or the address of a host";
        if (local) return "resolves to " + what + ": write 127.0.0.1";
        return "resolves to " + what + ": name a host that has public addresses only, or write the address itself";
    }
    return std::nullopt;
}

}  // namespace tollgate
