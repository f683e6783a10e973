#include <boost/url/pct_string_view.hpp>
#include <charconv>

#include "service/config/values.hpp"

namespace tollgate::config {
namespace {

std::optional<std::string> decode(std::string_view text) {
    auto view = boost::urls::make_pct_string_view(text);
    if (!view) return std::nullopt;
    return view->decode();
}

std::optional<int> small_number(std::string_view text, int least, int most) {
    int value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        return std::nullopt;
    return value;
}

/// "host", "host:port", "[v6]:port".
std::optional<StoreUrl::Host> parse_host(std::string_view text, std::uint16_t default_port) {
    auto colon = text.rfind(':');
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == std::string_view::npos || (end + 1 != text.size() && colon != end + 1)) return std::nullopt;
        if (end + 1 == text.size()) colon = std::string_view::npos;
    }
    StoreUrl::Host host{std::string(text.substr(0, colon)), default_port};
    if (host.name.starts_with('[')) host.name = host.name.substr(1, host.name.size() - 2);
    if (host.name.empty() || host.name.find_first_of("/@ ?#") != std::string::npos) return std::nullopt;
    if (colon == std::string_view::npos) return host;
    auto port = small_number(text.substr(colon + 1), 1, 65535);
    if (!port) return std::nullopt;
    host.port = static_cast<std::uint16_t>(*port);
    return host;
}

bool take_credentials(std::string_view& rest, StoreUrl& url) {
    auto at = rest.find('@');
    if (at == std::string_view::npos) return true;
    auto userinfo = rest.substr(0, at);
    auto colon = userinfo.find(':');
    if (colon == std::string_view::npos) return false;
    auto user = decode(userinfo.substr(0, colon));
    auto password = decode(userinfo.substr(colon + 1));
    if (!user || !password || password->empty()) return false;
    url.user = *user;
    url.password = *password;
    rest.remove_prefix(at + 1);
    return true;
}

bool take_hosts(std::string_view hosts, std::uint16_t default_port, StoreUrl& url) {
    while (true) {
        auto comma = hosts.find(',');
        auto host = parse_host(hosts.substr(0, comma), default_port);
        if (!host) return false;
        url.hosts.push_back(*host);
        if (comma == std::string_view::npos) return true;
        hosts.remove_prefix(comma + 1);
    }
}

}  // namespace

std::optional<StoreUrl> parse_store_url(std::string_view text) {
    StoreUrl url;
    auto take = [&](std::string_view scheme) {
        if (!text.starts_with(scheme)) return false;
        text.remove_prefix(scheme.size());
        return true;
    };
    if (take("sqlite:")) {
        if (text.empty() || text.starts_with("//")) return std::nullopt;
        url.memory = text == ":memory:";
        if (!url.memory) url.path = text;
        return url;
    }
    if (take("redis+unix://")) {
        url.kind = StoreUrl::Kind::redis_unix;
        if (!text.starts_with('/') && !take_credentials(text, url)) return std::nullopt;
        if (!text.starts_with('/') || text.size() == 1) return std::nullopt;
        url.path = text;
        return url;
    }
    std::uint16_t port = 6379;
    if (take("redis+sentinel://")) {
        url.kind = StoreUrl::Kind::redis_sentinel;
        port = 26379;
    } else if (take("redis+cluster://")) {
        url.kind = StoreUrl::Kind::redis_cluster;
    } else if (take("rediss://")) {
        url.kind = StoreUrl::Kind::redis;
        url.tls = true;
    } else if (take("redis://")) {
        url.kind = StoreUrl::Kind::redis;
    } else {
        return std::nullopt;
    }
    if (!take_credentials(text, url)) return std::nullopt;
    auto slash = text.find('/');
    auto path = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    if (!take_hosts(text.substr(0, slash), port, url)) return std::nullopt;
    switch (url.kind) {
        case StoreUrl::Kind::redis_sentinel:
            url.master = path;
            if (path.empty() || path.find('/') != std::string_view::npos) return std::nullopt;
            break;
        case StoreUrl::Kind::redis_cluster:
            if (!path.empty()) return std::nullopt;
            break;
        default: {
            if (url.hosts.size() != 1) return std::nullopt;
            if (path.empty()) break;
            auto database = small_number(path, 0, 65535);
            if (!database) return std::nullopt;
            url.database = *database;
        }
    }
    return url;
}

}  // namespace tollgate::config
