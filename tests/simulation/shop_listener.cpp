#include "simulation/shop_listener.hpp"

#include <algorithm>
#include <utility>

namespace tollgate::simulation {

using namespace std::chrono_literals;

class ShopExchange final : public Exchange {
public:
    ShopExchange(ShopListener& shop, Process& process) : shop_(shop), process_(process) {}

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        Faults& faults = shop_.faults_;
        co_await sleep_for(process_.runtime(), 5ms);
        if (faults.strikes(Fault::shop_away)) co_return fail(Code::network_error, "connection refused");
        const auto id = std::ranges::find(request.headers, "webhook-id", &std::pair<std::string, std::string>::first);
        if (id == request.headers.end()) co_return fail(Code::internal, "an event without an id");
        if (std::ranges::find(shop_.heard_, id->second) == shop_.heard_.end()) shop_.heard_.push_back(id->second);
        shop_.history_.note(shop_.scheduler_.now(), "the shop hears", id->second, request.body);
        if (faults.strikes(Fault::shop_deaf)) co_return fail(Code::gateway_timeout, "the connection was cut");
        co_return OutboundReply{.status = 204, .body = {}, .retry_after = {}};
    }

private:
    ShopListener& shop_;
    Process& process_;
};

std::unique_ptr<Exchange> ShopListener::exchange(Process& process) {
    return std::make_unique<ShopExchange>(*this, process);
}

}  // namespace tollgate::simulation
