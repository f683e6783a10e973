#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/redis/client.hpp"

namespace tollgate::redis {

class AuditBuffer;

/// One event loop's way to the store.
struct Lane {
    const Runtime& runtime;
    std::unique_ptr<Client> client;  // none: the store is gone
    std::shared_ptr<AuditBuffer> audit;
    int home = 0;                                     // the partition of records that found nothing to travel with
    std::map<std::uint16_t, std::string> probe_keys;  // by hash slot; see upkeep.cpp
};

/// A lane for every loop. Callers are served by that of the loop they run on; others by the first.
class Lanes {
public:
    static Result<std::unique_ptr<Lanes>> make(const std::vector<const Runtime*>& loops, const Options& options,
                                               const std::function<void(const LinkChange&)>& hook);

    [[nodiscard]] Lane& first() noexcept { return *lanes_.front(); }
    [[nodiscard]] const std::vector<std::shared_ptr<Lane>>& all() const noexcept { return lanes_; }

    /// The lane of the loop that this thread runs; the first when it runs none of them.
    [[nodiscard]] Lane& of_this_thread() noexcept;

    /// Runs `work(Lane&)`, a coroutine function, on a lane's loop; the caller goes on where it is.
    template <class Work>
    auto run(Work work) -> decltype(work(std::declval<Lane&>())) {
        const Executor here = co_await asio::this_coro::executor;
        Lane* const lane = on(asio::query(here, asio::execution::context));
        if (lane != nullptr) co_return co_await work(*lane);
        Lane& other = first();
        co_return co_await asio::co_spawn(other.runtime.executor, work(other), asio::use_awaitable);
    }

private:
    Lanes() = default;
    [[nodiscard]] Lane* on(const asio::execution_context& context) noexcept;

    std::vector<std::shared_ptr<Lane>> lanes_;
};

}  // namespace tollgate::redis
