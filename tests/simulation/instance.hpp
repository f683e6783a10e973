#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/one_shot.hpp"
#include "core/pager.hpp"
#include "simulation/shop_listener.hpp"
#include "simulation/store.hpp"
#include "simulation/world.hpp"

namespace tollgate {
struct Settings;
}

namespace tollgate::simulation {

/// What somebody sends, and what they hear.
struct Asked {
    std::string pattern = "/charge";  // of the route
    std::string capture;              // what stands for its {…}
    std::string key;
    std::string body;
    std::string signature = {};  // of a webhook
};
struct Heard {
    int status = 0;
    std::string body;
    bool replayed = false;
};

/// Nothing: the connection was cut.
using Reply = OneShot<std::optional<Heard>>;

/// Writes down who was called for which charge.
class PageBook final : public Pager {
public:
    PageBook(Scheduler& scheduler, History& history) : scheduler_(scheduler), history_(history) {}
    void page(Page page) override;
    void warn(std::string charge_id, std::string detail) override;
    [[nodiscard]] bool has(std::string_view kind, const std::string& charge_id) const;

private:
    Scheduler& scheduler_;
    History& history_;
    std::vector<std::pair<std::string, std::string>> pages_;  // kind, charge
};

/// The service as a process runs it: the production engine with its routes and its recovery, on the simulated store and in the
/// simulated world.
class Instance {
public:
    Instance(Process& process, const Settings& settings, DurableStore& store, World& world, Pager& pager, ShopListener& shop,
             Milliseconds look_every);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    [[nodiscard]] Process& process() const noexcept;

    /// Serves a POST. Dying cuts the connection.
    void post(Asked asked, std::shared_ptr<Reply> reply);

    /// Takes no more charges, leaves its sagas to others.
    void hand_over();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace tollgate::simulation
