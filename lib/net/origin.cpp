#include "net/origin.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace tollgate {

Result<Origin> parse_origin(std::string_view url) {
    const auto parsed = boost::urls::parse_uri(boost::urls::string_view(url.data(), url.size()));
    if (!parsed) return fail(Code::bad_request, "not a URL: write it as https://host or https://host:port/path");

    const boost::urls::url_view& view = *parsed;
    Origin origin;
    if (view.scheme_id() == boost::urls::scheme::https) {
        origin.tls = true;
    } else if (view.scheme_id() != boost::urls::scheme::http) {
        return fail(Code::bad_request, "the URL must begin with http:// or https://");
    }
    if (view.has_userinfo()) return fail(Code::bad_request, "the URL must not hold a user or password");
    if (view.has_query() || view.has_fragment()) return fail(Code::bad_request, "the URL must end with its path");

    origin.host = view.host_address();
    if (origin.host.empty()) return fail(Code::bad_request, "the URL names no host");
    // Boost.URL's own number wraps around above 65535.
    const auto port = view.port();
    unsigned number = 0;
    const auto end = port.data() + port.size();
    const bool fits = std::from_chars(port.data(), end, number).ptr == end && number >= 1 && number <= 65535;
    if (!port.empty() && !fits) return fail(Code::bad_request, "the URL's port must be 1 to 65535");
    origin.port = fits ? std::to_string(number) : origin.tls ? "443" : "80";

    const auto host = view.encoded_host();
    origin.authority.assign(host.data(), host.size());
    if (fits) origin.authority += ":" + origin.port;
    const auto path = view.encoded_path();
    origin.prefix.assign(path.data(), path.size());
    while (origin.prefix.ends_with('/')) origin.prefix.pop_back();
    return origin;
}

std::pair<std::string, std::string> split_target(std::string_view url) {
    const std::size_t host = url.find("://") + 3;
    const std::size_t end = std::min(url.find_first_of("/?", host), url.size());
    std::string target(url.substr(end));
    if (!target.starts_with('/')) target.insert(0, "/");
    return {std::string(url.substr(0, end)), std::move(target)};
}

}  // namespace tollgate
