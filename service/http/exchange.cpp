#include "service/http/exchange.hpp"

#include <algorithm>
#include <array>

#include "redaction/card_number.hpp"
#include "service/http/identity.hpp"
#include "service/http/origin.hpp"
#include "service/http/render.hpp"
#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

constexpr std::size_t kept_max = 65'536;  // a larger answer's memory is given back
constexpr std::chrono::seconds retry_when_overloaded{1};

bool is_known_method(std::string_view method) {
    static constexpr std::array<std::string_view, 8> known = {"GET", "POST",   "HEAD",  "OPTIONS",
                                                              "PUT", "DELETE", "PATCH", "TRACE"};
    return std::find(known.begin(), known.end(), method) != known.end();
}

/// `application/json`, alone or with `charset=utf-8`.
bool is_json(std::string_view type) {
    const std::size_t semicolon = type.find(';');
    if (!same_word(trimmed(type.substr(0, semicolon)), "application/json")) return false;
    if (semicolon == std::string_view::npos) return true;
    const std::string_view parameter = trimmed(type.substr(semicolon + 1));
    return parameter.empty() || same_word(parameter, "charset=utf-8") || same_word(parameter, "charset=\"utf-8\"");
}

Response empty_with_allow(std::string_view allow) {
    Response response;
    response.status = 204;
    response.headers.emplace_back("Allow", allow);
    return response;
}

/// Counts a handler as running for as long as it lives.
class InFlight {
public:
    explicit InFlight(Counters& counters) : counters_(counters), before_(counters.in_flight.fetch_add(1)) {}
    ~InFlight() { counters_.in_flight.fetch_sub(1); }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    [[nodiscard]] std::size_t before() const noexcept { return before_; }

private:
    Counters& counters_;
    std::size_t before_;
};

}  // namespace

Exchange::Exchange(ThreadState& state, std::string peer)
    : state_(state), reader_(state.options.limits), peer_(std::move(peer)) {
    request_.peer = peer_;
}

void Exchange::name_request() {
    const Head& head = reader_.request();
    named_ = true;
    if (state_.options.access) began_ = state_.runtime.clock.steady();
    request_.method = head.method;
    request_.path = head.path;
    request_.query = head.query;
    request_.headers = head.headers;
    request_.body = {};
    const auto id = request_.header("x-request-id");
    if (id && is_fit_request_id(*id))
        request_.request_id = *id;
    else
        draw_request_id(state_.runtime.random, request_.request_id);
    const auto trace = request_.header("traceparent");
    if (trace && is_valid_traceparent(*trace) && !holds_card_number(*trace))
        request_.traceparent = *trace;
    else
        draw_traceparent(state_.runtime.random, request_.traceparent);
}

std::optional<Response> Exchange::refuse(Code code, std::string detail) {
    return problem_response(PaymentError(code, std::move(detail)), request_);
}

std::optional<Response> Exchange::overloaded() {
    state_.counters.refused.fetch_add(1, std::memory_order_relaxed);
    return problem_response(
        PaymentError(Code::overloaded, "Too many requests are being served; try again soon.", retry_when_overloaded), request_);
}

/// A page whose host's name was made to lead here looks like one of ours. What is for operators is answered to no such host,
/// and all else to none that a browser names: it says the origin of whatever changes something.
bool Exchange::may_be_rebound() const {
    const auto host = request_.header("host");
    if (!host || is_loopback(*host)) return false;
    return route_->scope != Scope::charge || request_.count("origin") > 0;
}

std::optional<Response> Exchange::authenticate() {
    if (route_->scope == Scope::none) return std::nullopt;
    if (state_.options.this_machine_only && may_be_rebound())
        return refuse(Code::forbidden,
                      "Without API keys only 127.0.0.1 and localhost are answered: ask there, or configure auth.keys.");
    if (!state_.options.authenticate) return std::nullopt;
    if (request_.count("authorization") > 1) return refuse(Code::bad_request, "Authorization stands on more than one line.");
    Result<std::string> tenant = state_.options.authenticate(request_.header("authorization"), route_->scope);
    if (!tenant) return problem_response(tenant.error(), request_);
    request_.tenant = std::move(*tenant);
    return std::nullopt;
}

std::optional<Response> Exchange::check_media() {
    if (route_->method != "POST" || route_->accepts == Accepts::anything) return std::nullopt;
    const auto type = request_.header("content-type");
    if (!type || !is_json(*type))
        return refuse(Code::unsupported_media_type, "Send the body with Content-Type: application/json.");
    const auto coding = request_.header("content-encoding");
    if (request_.count("content-encoding") > 1 || (coding && !same_word(*coding, "identity")))
        return refuse(Code::unsupported_media_type, "Send the body without a Content-Encoding.");
    return std::nullopt;
}

std::optional<Response> Exchange::check_head() {
    name_request();
    const Head& head = reader_.request();
    if (!is_known_method(head.method)) return refuse(Code::not_implemented, "The method is not known here.");
    if (head.path == "*") return empty_with_allow("GET, HEAD, POST, OPTIONS");
    const Router::Match match = state_.router.find(head.method, head.path, request_.captures);
    if (match.allow.empty()) return refuse(Code::not_found, "There is no such path.");
    if (match.route == nullptr) {
        if (head.method == "OPTIONS") return empty_with_allow(match.allow);
        std::optional<Response> response = refuse(Code::method_not_allowed, "The path does not take this method; see Allow.");
        response->headers.emplace_back("Allow", match.allow);
        return response;
    }
    route_ = match.route;
    if (route_->sheds && state_.counters.in_flight.load() >= state_.options.limits.max_in_flight) return overloaded();
    if (route_->method != "GET" && is_sent_by_another_page(request_))
        return refuse(Code::forbidden, "A browser sends this for a page of another origin, which may change nothing here.");
    if (auto refused = authenticate()) return refused;
    if (head.framing == Framing::length && head.length > 0) return check_media();
    if (head.framing == Framing::none && route_->method == "POST" && route_->accepts != Accepts::optional_json)
        return refuse(Code::length_required, "Send Content-Length; 0 for an empty body.");
    return std::nullopt;
}

std::optional<Response> Exchange::check_body() {
    request_.body = reader_.body_bytes();
    if (reader_.request().framing == Framing::chunked && !request_.body.empty()) return check_media();
    return std::nullopt;
}

Task<Response> Exchange::handle() {
    const InFlight in_flight(state_.counters);
    if (route_->sheds && in_flight.before() >= state_.options.limits.max_in_flight) co_return std::move(*overloaded());
    std::string what = "something that is no std::exception";
    try {
        co_return co_await route_->handler(request_);
    } catch (const std::exception& thrown) {
        what = thrown.what();
    } catch (...) {
    }
    state_.counters.handler_failures.fetch_add(1, std::memory_order_relaxed);
    if (state_.options.fault) state_.options.fault(what, access(500, true));
    co_return std::move(*refuse(Code::internal, "The request could not be served."));
}

Response Exchange::unreadable(const PaymentError& error) {
    if (!named_) {
        if (state_.options.access) began_ = state_.runtime.clock.steady();
        draw_request_id(state_.runtime.random, request_.request_id);
    }
    return problem_response(error, request_);
}

void Exchange::finish(const Response& response, bool close) {
    Sending sending;
    sending.date = state_.date;
    sending.request_id = request_.request_id;
    sending.head_only = wants_head_only();
    sending.close = close;
    sending.http10_keep_alive = named_ && !reader_.request().http11;
    out_.clear();
    append_response(response, sending, out_);
}

Access Exchange::access(int status, bool delivered) const {
    // A method of the client's own making could hold anything.
    return {is_known_method(request_.method) ? request_.method : std::string_view("other"),
            route_ == nullptr ? std::string_view() : std::string_view(route_->pattern),
            request_.request_id,
            request_.tenant,
            peer_,
            status,
            request_.body.size(),
            out_.size(),
            state_.runtime.clock.steady() - began_,
            delivered};
}

void Exchange::report(int status, bool delivered) {
    if (state_.options.access) state_.options.access(access(status, delivered));
}

void Exchange::next() {
    reader_.next();
    if (out_.capacity() > kept_max) std::string().swap(out_);
    named_ = false;
    route_ = nullptr;
    if (request_.peer != peer_) request_.peer = peer_;
    if (request_.tenant != "default") request_.tenant = "default";
    request_.method = request_.path = request_.query = request_.body = {};
    request_.headers = {};
    request_.captures.clear();
}

}  // namespace tollgate::http
