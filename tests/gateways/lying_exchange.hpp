#pragma once

#include <functional>

#include "gateway/exchange.hpp"
#include "gateway/retry_after.hpp"
#include "support/lies.hpp"

namespace tollgate::test {

/// A gateway in this process that lies when it is told to: `honest` answers, the liar may not pass it on. In virtual time.
class LyingExchange final : public Exchange {
public:
    using Honest = std::function<Wire(const OutboundRequest&, WallTime)>;

    LyingExchange(const Runtime& runtime, Liar& liar, Honest honest)
        : runtime_(runtime), liar_(liar), honest_(std::move(honest)) {}

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        using End = Wire::End;
        if (runtime_.clock.steady() >= request.deadline) co_return fail(Code::network_error, "no time was left");
        const Wire wire = liar_.answer(request.method, request.path, request.idempotency_key,
                                       [&] { return honest_(request, runtime_.clock.wall()); });
        if (wire.end == End::unreachable) co_return fail(Code::network_error, "nobody listens");
        if (wire.end == End::never || wire.end == End::late) {
            co_await sleep_for(runtime_, request.deadline - runtime_.clock.steady());
            co_return fail(Code::gateway_timeout, "no answer in time");
        }
        co_await sleep_for(runtime_, std::chrono::milliseconds(20));
        if (wire.end != End::whole) co_return fail(Code::gateway_timeout, "the connection was cut");

        OutboundReply reply{.status = wire.status, .body = wire.body};
        for (const auto& [name, value] : wire.headers) {
            if (name == "Retry-After") reply.retry_after = parse_retry_after(value, runtime_.clock.wall());
            if (name == "Stripe-Should-Retry") reply.should_retry = value == "true";
        }
        co_return reply;
    }

private:
    const Runtime& runtime_;
    Liar& liar_;
    Honest honest_;
};

}  // namespace tollgate::test
