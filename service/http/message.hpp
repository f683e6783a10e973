#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "payments/problem.hpp"

/// What handlers see of HTTP; Beast stays behind it.
namespace tollgate::http {

struct Header {
    std::string_view name;
    std::string_view value;
};

/// One request, whole and within every limit. The views live as long as the handler's call.
struct Request {
    std::string_view method;
    std::string_view path;   // percent-encoding kept; without the query
    std::string_view query;  // without "?"; empty when there is none
    std::span<const Header> headers;
    std::string_view body;

    std::string peer;                        // address of the other end, without its port
    std::string request_id;                  // the client's when it was fit, or ours
    std::string traceparent;                 // the client's when it was valid, or a new one
    std::string tenant = "default";          // the API key's id, after authentication
    std::vector<std::string_view> captures;  // what `{…}` in the route's pattern matched, in order

    /// The value when the header stands on exactly one line.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// On how many lines it stands; names without case.
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    /// One of `captures`, percent-decoded.
    [[nodiscard]] std::string capture(std::size_t index) const;
    /// A query parameter, percent-decoded; nothing when it is absent. The last one counts.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// The next piece of a body whose end is not known yet, whenever it is there; nothing: that was all. It is not asked again
/// once the client has left or the server drains, and should therefore take no longer than about a second; an empty piece is
/// fine.
using BodySource = std::function<Task<std::optional<std::string>>()>;

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // beside what the session adds itself
    BodySource stream = {};  // what follows `body`; then there is no Content-Length, and the connection closes at the end
    bool cut = false;        // close the connection without a word instead: the sandbox's lost replies
};

/// Answers with a problem; sets Retry-After where the error has one (whole seconds, rounded up, at least 1) and
/// WWW-Authenticate on a 401. The path is left out of the problem when it holds a card number.
[[nodiscard]] Response problem_response(const PaymentError& error, const Request& request);

/// The same with all that is known of the problem; its `request_id` and `instance` are the request's.
[[nodiscard]] Response problem_response(Problem problem, const Request& request);

enum class Scope : std::uint8_t { none, charge, metrics, admin };

using Handler = std::function<Task<Response>(Request&)>;

/// What a POST route takes as its body; checked before the handler runs.
enum class Accepts : std::uint8_t {
    json,           // application/json (415) with a length or chunked (411)
    optional_json,  // the same, but a POST without any body is an empty one
    anything,       // any type; a length or chunked is still required
};

struct Route {
    std::string method;
    std::string pattern;  // "/charge/{id}/capture": a capture is one whole segment
    Scope scope = Scope::none;
    Handler handler;
    bool sheds = false;  // a new charge: refused with `overloaded` above server.max_in_flight, before anything else is
    Accepts accepts = Accepts::json;
};

}  // namespace tollgate::http
