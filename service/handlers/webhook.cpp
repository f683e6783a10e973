#include "service/handlers/webhook.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/json_writer.hpp"
#include "telemetry/log.hpp"
#include "webhooks/message.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds ask_again{1'000};

/// An answer and what it is counted as.
struct Reaction {
    http::Response response;
    std::string_view outcome;
};

Reaction refuse(const PaymentError& error, const http::Request& request, std::string_view outcome) {
    return {http::problem_response(error, request), outcome};
}

Task<Reaction> take_in(const WebhookApi& api, const webhooks::Source& source, http::Request& request) {
    const WallTime now = api.runtime.clock.wall();
    const auto header = [&request](std::string_view name) { return request.header(name); };
    if (const auto verified = webhooks::verify(source, header, request.body, now); !verified) {
        api.watch.unverified(source, verified.error().code, request, api.runtime.clock.steady());
        co_return refuse(verified.error(), request, "unverified");
    }
    auto events = webhooks::read(source, request.body, now);
    if (!events) co_return refuse(events.error(), request, "unreadable");
    const auto receipt = co_await api.inbox.accept(std::move(*events));
    if (!receipt) {
        const PaymentError away{Code::store_unavailable, "the event could not be archived; send it again", ask_again};
        co_return refuse(away, request, "store");
    }
    if (!receipt->altered.empty()) api.watch.altered(source, receipt->altered, api.runtime.clock.steady());
    JsonWriter body;
    body.begin_object().member("received", true).member("duplicate", receipt->duplicate).end_object();
    const std::string_view seen = receipt->altered.empty() ? "duplicate" : "altered";
    co_return Reaction{{.body = body.take()}, receipt->duplicate ? seen : "accepted"};
}

Task<http::Response> post_webhook(std::shared_ptr<const WebhookApi> api, http::Request& request) {
    const auto& sources = api->sources;
    const auto source = request.captures.empty()
                            ? sources.begin()
                            : std::ranges::find(sources, request.captures.front(), &webhooks::Source::name);
    if (source == sources.end()) {
        co_return http::problem_response({Code::not_found, "there is no webhook source of this name"}, request);
    }
    const SteadyTime began = api->runtime.clock.steady();
    Reaction reaction = co_await take_in(*api, *source, request);
    api->meter.observe("webhook_duration", api->runtime.clock.steady() - began, reaction.outcome);
    co_return std::move(reaction.response);
}

}  // namespace

std::vector<webhooks::Source> webhook_sources(const Settings::Webhook& settings) {
    std::vector<webhooks::Source> sources;
    for (const WebhookSource& given : settings.sources) {
        webhooks::Source source{.name = given.name,
                                .scheme = *webhooks::scheme_from(given.scheme),
                                .keys = {},
                                .tolerance = given.tolerance,
                                .signature_header = given.signature_header};
        for (const std::string& secret : given.secrets) source.keys.push_back(*webhooks::key_of(source.scheme, secret));
        sources.push_back(std::move(source));
    }
    return sources;
}

std::optional<std::uint64_t> NowAndThen::pass(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (last_ && now - *last_ < span_) {
        ++kept_back_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(kept_back_, 0);
}

WebhookWatch::WebhookWatch(Pager& pager, const std::vector<webhooks::Source>& sources) : pager_(pager), lines_(1s) {
    for (const webhooks::Source& source : sources) pages_.emplace(source.name, NowAndThen(1h));
}

void WebhookWatch::unverified(const webhooks::Source& source, Code why, const http::Request& request, SteadyTime now) {
    const auto left_out = lines_.pass(now);
    if (!left_out) return;
    log::warn("a webhook could not be verified", {{"source", source.name},
                                                  {"code", info(why).name},
                                                  {"peer", request.peer},
                                                  {"request_id", request.request_id},
                                                  {"left_out", *left_out}});
}

void WebhookWatch::altered(const webhooks::Source& source, const std::vector<std::string>& ids, SteadyTime now) {
    for (const std::string& id : ids) {
        log::error("an event came again with another body; the first one stands", {{"source", source.name}, {"event_id", id}});
    }
    if (const auto kept_back = pages_.at(source.name).pass(now)) {
        pager_.page({.kind = "echo_mismatch",
                     .severity = "critical",
                     .charge_id = {},
                     .detail = "the webhook source " + source.name + " sent the event " + ids.front() +
                               " again with another body; the first one stands; " + std::to_string(*kept_back) +
                               " more like it since the last page"});
    }
}

std::vector<http::Route> webhook_routes(WebhookApi api) {
    const auto shared = std::make_shared<const WebhookApi>(std::move(api));
    std::vector<http::Route> routes;
    for (const char* const pattern : {"/webhook", "/webhook/{name}"}) {
        routes.push_back({.method = "POST",
                          .pattern = pattern,
                          .handler = [shared](http::Request& request) { return post_webhook(shared, request); },
                          .accepts = http::Accepts::anything});
    }
    return routes;
}

}  // namespace tollgate
