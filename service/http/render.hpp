#pragma once

#include <string>
#include <string_view>

#include "core/time.hpp"
#include "service/http/message.hpp"

namespace tollgate::http {

/// How a response leaves, beside what the handler said.
struct Sending {
    std::string_view date;  // see `to_http_date`
    std::string_view request_id;
    bool head_only = false;  // the answer to HEAD: the length of the body, without the body
    bool close = false;
    bool http10_keep_alive = false;
};

/// Appends the whole response to `out`, so that it leaves in one write. Control characters in a handler's header become
/// spaces: a value can never end its line.
void append_response(const Response& response, const Sending& sending, std::string& out);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 section 5.6.7).
[[nodiscard]] std::string to_http_date(WallTime time);

}  // namespace tollgate::http
