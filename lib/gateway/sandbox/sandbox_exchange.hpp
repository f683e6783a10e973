#pragma once

#include "gateway/exchange.hpp"
#include "gateway/sandbox/world.hpp"

namespace tollgate::sandbox {

/// The sandbox within this process, seen as any other outside service: a cut connection is `gateway_timeout`, and so is
/// an answer that is slower than the deadline. Borrows the world; one object a thread.
class SandboxExchange final : public Exchange {
public:
    SandboxExchange(const Runtime& runtime, World& world) : runtime_(runtime), world_(world) {}

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override;

private:
    const Runtime& runtime_;
    World& world_;
};

}  // namespace tollgate::sandbox
