#include "net/addresses.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/one_shot.hpp"

namespace tollgate {

using asio::ip::tcp;
using Bell = OneShot<bool>;

struct Addresses::State {
    State(const Runtime& borrowed, const Origin& origin, Milliseconds keep, AddressRule which)
        : runtime(borrowed),
          host(origin.host),
          port(origin.port),
          kept(keep),
          rule(std::move(which)),
          resolver(borrowed.executor) {
        boost::system::error_code no_literal;
        const auto address = asio::ip::make_address(host, no_literal);
        if (no_literal) return;
        literal = true;
        found.emplace_back(address, static_cast<unsigned short>(std::stoul(port)));
        vet();
    }

    void vet() {
        const auto refusal = rule ? rule(host, found) : std::nullopt;
        if (!refusal) return;
        found.clear();
        trouble = "the host " + host + " " + *refusal;
    }

    [[nodiscard]] bool fresh() const { return literal || (!found.empty() && runtime.clock.steady() < fresh_until); }

    const Runtime& runtime;
    std::string host;
    std::string port;
    Milliseconds kept;
    AddressRule rule;
    tcp::resolver resolver;
    bool literal = false;
    std::vector<Endpoint> found;
    SteadyTime fresh_until = SteadyTime::min();
    bool resolving = false;
    std::string trouble;                       // why nothing was found
    std::vector<std::weak_ptr<Bell>> waiting;  // no more than the pool has connections
};

Addresses::Addresses(const Runtime& runtime, const Origin& origin, Milliseconds kept, AddressRule rule)
    : state_(std::make_shared<State>(runtime, origin, kept, std::move(rule))) {}

Addresses::~Addresses() {
    state_->resolver.cancel();
}

Task<void> Addresses::resolve(std::shared_ptr<State> state) {
    boost::system::error_code error;
    const auto results =
        co_await state->resolver.async_resolve(state->host, state->port, asio::redirect_error(asio::use_awaitable, error));
    state->resolving = false;
    state->trouble = "the name " + state->host + " cannot be resolved: " + error.message();
    if (!error && !results.empty()) {
        state->found.assign(results.begin(), results.end());
        state->fresh_until = state->runtime.clock.steady() + state->kept;
        state->vet();
    }
    for (const auto& one : std::exchange(state->waiting, {})) {
        if (const auto bell = one.lock()) bell->set(true);
    }
}

Task<Result<std::vector<Addresses::Endpoint>>> Addresses::get(SteadyTime deadline) {
    const auto state = state_;
    if (!state->fresh()) {
        const auto bell = std::make_shared<Bell>(state->runtime);
        state->waiting.push_back(bell);
        if (!std::exchange(state->resolving, true)) spawn(state->runtime.executor, resolve(state));
        const auto rung = co_await bell->wait_until(deadline);
        if (!rung) co_return fail(Code::network_error, "the name " + state->host + " was not resolved in time");
    }
    if (state->found.empty()) co_return fail(Code::network_error, state->trouble);
    co_return state->found;
}

void Addresses::prefer(const Endpoint& endpoint) {
    const auto at = std::ranges::find(state_->found, endpoint);
    if (at != state_->found.end()) std::rotate(state_->found.begin(), at, at + 1);
}

void Addresses::doubt() noexcept {
    state_->fresh_until = SteadyTime::min();
}

}  // namespace tollgate
