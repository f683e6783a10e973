#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/duration.hpp"

/// The small grammars that configuration values are written in.
namespace tollgate::config {

struct ListenAddress {
    std::string host;  // an IPv4 or IPv6 address, without brackets; "localhost" has become 127.0.0.1
    std::uint16_t port = 0;
    bool loopback = false;
};

/// "127.0.0.1:8080", "[::1]:0", "localhost:8080".
[[nodiscard]] std::optional<ListenAddress> parse_listen(std::string_view text);

/// What is wrong with an http or https URL, or nothing. User information and fragments are refused.
enum class UrlUse : std::uint8_t {
    base,    // paths are appended: no query
    target,  // posted to as it stands; https unless the host is loopback; see net/vetting.hpp for its addresses
    page,    // opened by a browser
};
[[nodiscard]] std::optional<std::string> http_url_problem(std::string_view text, UrlUse use);

/// `store.url`, taken apart.
struct StoreUrl {
    enum class Kind : std::uint8_t { sqlite, redis, redis_unix, redis_sentinel, redis_cluster };
    struct Host {
        std::string name;
        std::uint16_t port = 0;
        friend bool operator==(const Host&, const Host&) = default;
    };
    Kind kind = Kind::sqlite;
    std::string path;  // of the SQLite file or the Unix socket; empty for `sqlite::memory:`
    bool memory = false;
    bool tls = false;
    std::string user, password;  // percent-decoded
    std::vector<Host> hosts;
    int database = 0;
    std::string master;  // of the sentinels
};

/// Nothing when it has none of the forms of contract section 2.
[[nodiscard]] std::optional<StoreUrl> parse_store_url(std::string_view text);

/// "02:30", since midnight; nothing for anything else.
[[nodiscard]] std::optional<Milliseconds> parse_time_of_day(std::string_view text);

/// The text with the password of its user information, if any, as "********".
[[nodiscard]] std::string mask_url_password(std::string_view text);

/// The text with its query, if any, as "********": tokens like to live there.
[[nodiscard]] std::string mask_url_query(std::string_view text);

/// The known word nearest to a misspelt one, by edit distance; nothing when none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace tollgate::config
