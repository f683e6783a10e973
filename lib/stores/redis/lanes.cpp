#include "stores/redis/lanes.hpp"

#include <boost/asio/io_context.hpp>

#include "stores/redis/audit_buffer.hpp"

namespace tollgate::redis {

Result<std::unique_ptr<Lanes>> Lanes::make(const std::vector<const Runtime*>& loops, const Options& options,
                                           const std::function<void(const LinkChange&)>& hook) {
    std::unique_ptr<Lanes> lanes(new Lanes);
    for (const Runtime* runtime : loops) {
        Result<std::unique_ptr<Client>> client = Client::make(*runtime, options, hook);
        if (!client) return fail(std::move(client.error()));
        lanes->lanes_.push_back(std::make_shared<Lane>(*runtime, std::move(*client)));
    }
    return lanes;
}

Lane& Lanes::of_this_thread() noexcept {
    for (const auto& lane : lanes_) {
        const auto* loop = lane->runtime.executor.target<asio::io_context::executor_type>();
        if (loop != nullptr && loop->running_in_this_thread()) return *lane;
    }
    return first();
}

Lane* Lanes::on(const asio::execution_context& context) noexcept {
    for (const auto& lane : lanes_) {
        if (&asio::query(lane->runtime.executor, asio::execution::context) == &context) return lane.get();
    }
    return nullptr;
}

}  // namespace tollgate::redis
