#include "service/handlers/sandbox_events.hpp"

#include <boost/json.hpp>
#include <memory>
#include <utility>

#include "json/strict_json.hpp"
#include "net/http_client.hpp"
#include "service/config/values.hpp"
#include "signing/signatures.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr Milliseconds patience = 10s;
constexpr std::size_t at_once_max = 64;
constexpr std::int64_t latest = 253'402'300'799;  // the last second of the year 9999

/// What is to be sent, and where.
struct Order {
    std::string url;
    std::string id;
    std::string secret = "whsec_sandbox";
    WallTime created{};
    std::string body;
};

std::optional<std::string> text_of(const json::value& value) {
    const auto* const text = value.if_string();
    if (text == nullptr || text->empty()) return std::nullopt;
    return std::string(text->data(), text->size());
}

std::string new_id(Random& random) {
    constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
    std::string id = "evt_";
    for (int i = 0; i < 24; ++i) id += digits[random.below(digits.size())];
    return id;
}

/// The members that may be left out. Fails for any that is none of ours.
Result<void> read_options(const json::object& members, Order& order) {
    for (const auto& [name, value] : members) {
        if (name == "id") {
            const auto id = text_of(value);
            if (!id || id->size() > 255) return fail(Code::bad_request, "id must be a text of 1 to 255 bytes");
            order.id = *id;
        } else if (name == "secret") {
            const auto secret = text_of(value);
            if (!secret) return fail(Code::bad_request, "secret must be a text that is not empty");
            order.secret = *secret;
        } else if (name == "created") {
            const auto* const seconds = value.if_int64();
            if (seconds == nullptr || *seconds < 0 || *seconds > latest)
                return fail(Code::bad_request, "created must be a whole number of seconds since 1970");
            order.created = WallTime(std::chrono::seconds(*seconds));
        } else if (name != "url" && name != "type" && name != "data") {
            return fail(Code::bad_request, "the body has a member that is none of url, type, data, id, secret and created");
        }
    }
    return {};
}

Result<Order> read_order(std::string_view text, const Runtime& runtime) {
    const auto parsed = parse_strict_json(text);
    if (!parsed) return fail(parsed.error());
    const auto* const members = parsed->if_object();
    if (members == nullptr) return fail(Code::bad_request, "the body must be an object: {\"url\":…,\"type\":…,\"data\":{…}}");
    Order order{.id = new_id(runtime.random), .created = runtime.clock.wall()};
    if (auto read = read_options(*members, order); !read) return fail(std::move(read.error()));

    const auto* const url = members->if_contains("url");
    order.url = url == nullptr ? "" : text_of(*url).value_or("");
    if (const auto why = config::http_url_problem(order.url, config::UrlUse::page))
        return fail(Code::bad_request, "url " + *why);
    const auto* const type = members->if_contains("type");
    if (type == nullptr || !text_of(*type))
        return fail(Code::bad_request, "type must be the event's type, such as \"payment_intent.succeeded\"");
    const auto* const data = members->if_contains("data");
    if (data == nullptr || !data->is_object()) return fail(Code::bad_request, "data must be an object: what the event tells");
    order.body = json::serialize(
        json::object{{"id", order.id},
                     {"type", *type},
                     {"created", std::chrono::floor<std::chrono::seconds>(order.created).time_since_epoch().count()},
                     {"data", *data}});
    return order;
}

/// An answer's body as it may stand in JSON.
json::value presentable(const std::string& body) {
    boost::system::error_code error;
    auto value = json::parse(body, error);
    if (!error) return value;
    auto text = json::parse(json::serialize(json::string(body)), error);  // fails only where it is not UTF-8
    if (!error) return text;
    return json::value("(not UTF-8)");
}

Task<Result<OutboundReply>> send(const Runtime& runtime, Order order) {
    auto [origin, path] = split_target(order.url);
    auto client = HttpClient::make(runtime, origin);
    if (!client) co_return fail(std::move(client.error()));
    co_return co_await (*client)->exchange(
        {.method = "POST",
         .path = std::move(path),
         .headers = {{"Stripe-Signature", stripe_signature(order.secret, order.created, order.body)}},
         .body = std::move(order.body),
         .deadline = runtime.clock.steady() + patience});
}

/// Counts an event as on its way for as long as it lives.
class OnTheWay {
public:
    explicit OnTheWay(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    ~OnTheWay() { --*count_; }
    OnTheWay(const OnTheWay&) = delete;
    OnTheWay& operator=(const OnTheWay&) = delete;

private:
    std::shared_ptr<std::size_t> count_;
};

Task<http::Response> post_event(const Runtime& runtime, std::shared_ptr<std::size_t> under_way, http::Request& request) {
    auto order = read_order(request.body, runtime);
    if (!order) co_return http::problem_response(order.error(), request);
    if (*under_way >= at_once_max)
        co_return http::problem_response({Code::overloaded, "too many events are being sent: ask again", 1s}, request);
    const OnTheWay counted(std::move(under_way));
    const std::string id = order->id;
    const auto reply = co_await send(runtime, std::move(*order));
    if (!reply) {
        const auto code = reply.error().code == Code::bad_request ? Code::bad_request : Code::gateway_error;
        co_return http::problem_response({code, reply.error().detail}, request);
    }
    http::Response response;
    response.body = json::serialize(json::object{{"id", id}, {"status", reply->status}, {"body", presentable(reply->body)}});
    co_return response;
}

}  // namespace

http::Route sandbox_events_route(const Runtime& runtime) {
    return {.method = "POST",
            .pattern = "/sandbox/events",
            .handler = [&runtime, under_way = std::make_shared<std::size_t>(0)](http::Request& request) {
                return post_event(runtime, under_way, request);
            }};
}

}  // namespace tollgate
