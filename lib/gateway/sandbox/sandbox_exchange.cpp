#include "gateway/sandbox/sandbox_exchange.hpp"

#include "gateway/retry_after.hpp"

namespace tollgate::sandbox {

Task<Result<OutboundReply>> SandboxExchange::exchange(OutboundRequest request) {
    const SteadyTime begun = runtime_.clock.steady();
    if (begun >= request.deadline) co_return fail(Code::network_error, "the sandbox was not called: no time was left");
    const WallTime now = runtime_.clock.wall();
    Reaction reaction = world_.handle(request.method, request.path, request.idempotency_key, request.body, now);

    const bool late = begun + reaction.delay > request.deadline;
    if (late) {
        co_await sleep_for(runtime_, request.deadline - begun);
        co_return fail(Code::gateway_timeout, "the sandbox did not answer in time");
    }
    if (reaction.delay.count() > 0) co_await sleep_for(runtime_, reaction.delay);
    if (reaction.cut != Cut::none) co_return fail(Code::gateway_timeout, "the sandbox cut the connection before it answered");

    OutboundReply reply;
    reply.status = reaction.status;
    reply.body = std::move(reaction.body);
    for (const auto& [name, value] : reaction.headers) {
        if (name == "Retry-After") reply.retry_after = parse_retry_after(value, now);
    }
    co_return reply;
}

}  // namespace tollgate::sandbox
