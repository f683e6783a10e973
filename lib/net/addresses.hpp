#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "net/origin.hpp"
#include "net/vetting.hpp"

namespace tollgate {

/// The addresses of one host, kept briefly and asked for once however many wait. An address in the URL needs no
/// resolution. While the resolver fails, the addresses known last are still used; when its newest answer breaks the rule, none
/// are. For one thread.
class Addresses {
public:
    using Endpoint = asio::ip::tcp::endpoint;

    Addresses(const Runtime& runtime, const Origin& origin, Milliseconds kept, AddressRule rule = nullptr);
    ~Addresses();

    /// At least one address, the one that answered last in front; all within the rule. Fails with `network_error`.
    Task<Result<std::vector<Endpoint>>> get(SteadyTime deadline);

    /// Tried first from now on.
    void prefer(const Endpoint& endpoint);

    /// None of them could be reached: the next `get` resolves anew.
    void doubt() noexcept;

private:
    struct State;
    static Task<void> resolve(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace tollgate
