#include "service/console/live_state.hpp"

#include <array>
#include <charconv>
#include <numeric>

#include "core/json_writer.hpp"
#include "service/aside.hpp"
#include "service/handlers/admin_breakers.hpp"

namespace tollgate::console {
namespace {

constexpr std::chrono::seconds ask_every{5};

std::string in_seconds(Milliseconds span) {
    std::array<char, 32> text;
    const double seconds = std::chrono::duration<double>(span).count();
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), seconds).ptr};
}

std::string limits_json(const LiveParts& parts) {
    const Settings& settings = parts.settings;
    JsonWriter out;
    out.begin_object()
        .member("in_flight", parts.counters.in_flight.load())
        .member("max_in_flight", settings.server.max_in_flight)
        .member("connections", parts.counters.connections.load())
        .member("max_connections", settings.server.max_connections)
        .member("overload_refusals", parts.counters.refused.load());
    if (settings.rate_limit.requests == 0) {
        out.json("rate_limit", "null");
    } else {
        out.name("rate_limit")
            .begin_object()
            .member("requests", settings.rate_limit.requests)
            .json("per_seconds", in_seconds(settings.rate_limit.per))
            .member("burst", settings.rate_limit.burst)
            .end_object();
    }
    out.member("rate_limit_refusals", parts.charges.refusals());
    const std::int64_t pace = settings.gateway.max_per_second;
    out.json("gateway_per_second", pace == 0 ? "null" : std::to_string(pace));
    return out.end_object().take();
}

void tell_queue(JsonWriter& out, std::string_view name, const Census::Queue& queue, WallTime now) {
    out.name(name).begin_object().member("waiting", queue.waiting);
    if (queue.oldest_due) {
        out.member("oldest_due_seconds", std::chrono::floor<std::chrono::seconds>(now - *queue.oldest_due).count());
    } else {
        out.json("oldest_due_seconds", "null");
    }
    out.end_object();
}

std::string queues_json(const Census& census, WallTime at) {
    JsonWriter out;
    out.begin_object();
    tell_queue(out, "incoming", census.incoming, at);
    tell_queue(out, "outgoing", census.outgoing, at);
    return out.member("dead_letters", census.dead_letters).end_object().take();
}

std::string charges_json(const Census& census) {
    JsonWriter out;
    out.begin_object()
        .member("processing", std::reduce(census.processing.begin(), census.processing.end()))
        .member("requires_action", census.requires_action)
        .member("authorized", census.authorized)
        .member("refunding", census.refunding)
        .member("needs_attention", census.needs_attention);
    return out.end_object().take();
}

}  // namespace

bool LiveState::is_due(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (asking_ || (asked_at_ && now - *asked_at_ < ask_every)) return false;
    asking_ = true;
    asked_at_ = now;
    return true;
}

Task<Result<void>> LiveState::ask(const Runtime& runtime) {
    const WallTime now = runtime.clock.wall();
    auto answer = co_await parts_.census.census(now);
    const std::lock_guard lock(mutex_);
    asking_ = false;
    told_.reset();
    if (answer) told_ = Told{*answer, now};
    co_return Result<void>();
}

Task<std::string> LiveState::tell(const Runtime& runtime) {
    const SteadyTime now = runtime.clock.steady();
    if (is_due(now)) {
        const auto asked = ask_aside(runtime, ask(runtime));
        const bool answered = (co_await asked->wait_until(now + parts_.settings.store.timeout)).has_value();
        const std::lock_guard lock(mutex_);
        if (!answered) told_.reset();  // what was so a while ago is not told
    }
    std::string text = "\"breakers\":" + breakers_json(parts_.breakers, now) + ",\"limits\":" + limits_json(parts_);
    const std::lock_guard lock(mutex_);
    text += ",\"queues\":" + (told_ ? queues_json(told_->census, told_->at) : std::string("null"));
    text += ",\"charges\":" + (told_ ? charges_json(told_->census) : std::string("null"));
    co_return text;
}

}  // namespace tollgate::console
