#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/sandbox/goods.hpp"
#include "gateway/sandbox/payments.hpp"

namespace tollgate::sandbox {

struct WorldOptions {
    /// Within the service's own process: what an earlier life did is lost, so captures, voids, refunds, releases and
    /// cancellations of ids that one may have given out are accepted instead of refused. Ids follow from keys, so a call
    /// that is repeated after a restart gets the id it had.
    bool forgetful_of_past = false;
    /// Calls, payments and effects remembered, so many of each; the oldest go first, those still under way or only authorized
    /// last. A checkout is four effects. What the books have forgotten reconciliation takes for `missing_gateway`.
    std::size_t records_max = 200'000;
    /// Before the path of redirect_url.
    std::string public_url = "https://sandbox.invalid";
};

/// The stand-in for the world outside: gateway, inventory and shipping of contract section 6, with every fault that tokens
/// and SKUs can ask for. It behaves as those should: one key is one call, the same call has the same answer, a key under
/// way is 409 `idempotency_key_in_use`, another body under the same key 422. Decides only: delays and cuts are for the
/// caller to carry out. May be called from any thread.
class World {
public:
    explicit World(WorldOptions options = {});

    /// `target` is the path with its query. Effects happen at `now`; an answer with a delay counts as under way until then.
    Reaction handle(std::string_view method, std::string_view target, std::string_view idempotency_key, std::string_view body,
                    WallTime now);

private:
    struct Operation {
        std::size_t fingerprint = 0;
        int status = 0;
        std::string body;
        WallTime began{};
        WallTime ends{};

        [[nodiscard]] bool under_way(WallTime now) const { return began <= now && now < ends; }
    };
    struct Call;

    Reaction answer_get(std::string_view path, std::string_view query, WallTime now);
    Reaction answer_post(const Call& call);
    Reaction perform(const Call& call, const boost::json::object& body);
    [[nodiscard]] std::optional<Reaction> act(const Call& call, const boost::json::object& body);
    void reset();

    std::mutex mutex_;
    Books books_;
    Payments payments_;
    Goods inventory_;
    Goods shipping_;
    BoundedMap<Operation> operations_;
    BoundedMap<int> mishaps_;  // reference and path → how often the step has already gone wrong
};

}  // namespace tollgate::sandbox
