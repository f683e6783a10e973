#include "service/config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <charconv>
#include <numeric>
#include <utility>

#include "net/vetting.hpp"

namespace tollgate::config {
namespace {

bool is_loopback_v4(const in_addr& address) {
    return (ntohl(address.s_addr) >> 24) == 127;
}

template <class Int>
std::optional<Int> whole_number(std::string_view text) {
    Int value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_loopback_host(std::string_view host) {
    std::string name(host);
    in_addr v4{};
    if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return is_loopback_v4(v4);
    return name == "localhost" || name == "::1";
}

/// Whether an address is written where a host stands, and one that is never connected to.
bool is_refused_address(const std::string& host) {
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(host, no_address);
    if (no_address) return false;
    const boost::asio::ip::tcp::endpoint endpoint(address, 0);
    return vet_target(host, {&endpoint, 1}).has_value();
}

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view text) {
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
    if (!port) return std::nullopt;
    std::string host(text.substr(0, colon));
    if (host == "localhost") host = "127.0.0.1";
    if (in_addr v4{}; inet_pton(AF_INET, host.c_str(), &v4) == 1) return ListenAddress{host, *port, is_loopback_v4(v4)};
    if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
    in6_addr v6{};
    if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return std::nullopt;
    return ListenAddress{host, *port, IN6_IS_ADDR_LOOPBACK(&v6) != 0};
}

std::optional<std::string> http_url_problem(std::string_view text, UrlUse use) {
    auto url = boost::urls::parse_uri(text);
    if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->host().empty())
        return "is not an absolute http or https URL: write it like \"https://host:port\"";
    // Boost.URL 1.81 reads the name 127.0.0.1.example as the host 127.0.0.1 and a path, and would send there what is meant for
    // another.
    if (!url->encoded_path().empty() && !url->encoded_path().starts_with('/'))
        return "names a host that begins with an IPv4 address, which cannot be told apart from that: name another";
    if (url->has_port() && whole_number<std::uint16_t>(url->port()).value_or(0) == 0) return "has a port outside 1 to 65535";
    if (url->has_userinfo()) return "holds a user name or password: take it out of the URL";
    if (url->has_fragment()) return "has a fragment (\"#…\"), which is never sent: take it off";
    if (use == UrlUse::base && url->has_query()) return "has a query, but paths are appended to it: take the query off";
    if (use == UrlUse::target && url->scheme() == "http" && !is_loopback_host(url->host_address()))
        return "must be https, since its host is not loopback";
    if (use == UrlUse::target && is_refused_address(url->host_address()))
        return "names a link-local, multicast or unspecified address, which is never connected to: name a host";
    return std::nullopt;
}

std::optional<Milliseconds> parse_time_of_day(std::string_view text) {
    const auto digit = [&](std::size_t i, char most) { return text[i] >= '0' && text[i] <= most; };
    const auto number = [&](std::size_t i) { return (text[i] - '0') * 10 + (text[i + 1] - '0'); };
    if (text.size() != 5 || text[2] != ':' || !digit(0, '2') || !digit(1, text[0] == '2' ? '3' : '9') || !digit(3, '5') ||
        !digit(4, '9'))
        return std::nullopt;
    return std::chrono::hours(number(0)) + std::chrono::minutes(number(3));
}

std::string mask_url_password(std::string_view text) {
    auto begin = text.find("://");
    if (begin == std::string_view::npos) return std::string(text);
    // Up to the last "@": one that was left unescaped in the password must not show the rest of it.
    auto at = text.rfind('@');
    auto colon = text.find(':', begin + 3);
    if (at == std::string_view::npos || at < begin || colon == std::string_view::npos || colon > at) return std::string(text);
    return std::string(text.substr(0, colon + 1)) + "********" + std::string(text.substr(at));
}

std::string mask_url_query(std::string_view text) {
    auto query = text.find('?');
    return query == std::string_view::npos ? std::string(text) : std::string(text.substr(0, query + 1)) + "********";
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    std::optional<std::string> best;
    std::size_t least = std::max<std::size_t>(2, word.size() / 4) + 1;
    for (const auto& candidate : known) {
        std::vector<std::size_t> row(candidate.size() + 1);
        std::iota(row.begin(), row.end(), std::size_t{0});
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i);
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                std::size_t change = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
                diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
            }
        }
        if (row.back() < least) {
            least = row.back();
            best = candidate;
        }
    }
    return best;
}

}  // namespace tollgate::config
