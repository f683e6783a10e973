#include "service/demo/stage.hpp"

#include <boost/json.hpp>
#include <utility>

namespace tollgate::demo {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

std::string body_of(const Stage& stage, const Order& order) {
    return json::serialize(
        json::object{{"order_id", stage.named(order.name)},
                     {"amount", 4999},
                     {"currency", "USD"},
                     {"payment_method", order.token},
                     {"customer", {{"id", "cus_demo_" + stage.run}, {"email", order.email}, {"country", "US"}}},
                     {"items", {json::object{{"sku", order.sku}, {"quantity", 1}}}},
                     {"capture", order.capture}});
}

}  // namespace

Task<Result<OutboundReply>> send(Stage& stage, const Order& order) {
    co_return co_await stage.service.exchange({.method = "POST",
                                               .path = "/charge",
                                               .idempotency_key = stage.named(order.name),
                                               .body = body_of(stage, order),
                                               .deadline = stage.runtime.clock.steady() + 40s});
}

Task<Result<OutboundReply>> charge(Stage& stage, Order order) {
    const SteadyTime end = stage.runtime.clock.steady() + 60s;
    for (;;) {
        auto reply = co_await send(stage, order);
        const bool unsettled = reply && (reply->status == 202 || (reply->status == 409 && reply->retry_after));
        if (!unsettled || stage.runtime.clock.steady() > end) co_return reply;
        co_await sleep_for(stage.runtime, reply->retry_after.value_or(1s));
    }
}

Task<Result<OutboundReply>> get(Stage& stage, Exchange& from, std::string path) {
    co_return co_await from.exchange(
        {.method = "GET", .path = std::move(path), .deadline = stage.runtime.clock.steady() + 10s});
}

std::string text(const std::string& body, std::string_view member) {
    json::error_code error;
    const json::value value = json::parse(body, error);
    if (error || !value.is_object()) return {};
    const json::value* found = value.get_object().if_contains(member);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string unexpected(const Result<OutboundReply>& reply) {
    return reply ? "the service answered " + std::to_string(reply->status) + " " + reply->body : reply.error().detail;
}

}  // namespace tollgate::demo
