#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "simulation/fleet.hpp"

namespace tollgate::simulation {

/// One thing a shop asks of a charge of its, under one key.
struct Wish {
    std::string charge_id;
    std::string kind;  // capture, void, refund, confirm
    std::string key;
    std::int64_t amount = 0;  // 0: all there is
    SteadyTime begun_at{};    // nothing was asked before
    std::optional<Heard> answer;

    [[nodiscard]] bool granted() const noexcept { return answer && answer->status == 200; }
};

/// Those who own what was bought: capture, void and refund it, and bring customers back, now and then and several at once. What
/// they hear must make sense, always.
class Shopkeepers {
public:
    Shopkeepers(Scheduler& scheduler, Faults& faults, History& history, Fleet& fleet)
        : scheduler_(scheduler), faults_(faults), history_(history), fleet_(fleet) {}

    std::function<void(std::string)> violation;
    std::function<bool(const std::string& charge_id)> is_beyond_help;
    /// The customer authenticates, before the shop says so.
    std::function<void(const std::string& charge_id)> customer_comes_back;

    /// How a charge stands, by any answer about it.
    void hear_of(const std::string& charge_id, std::int64_t amount, const Heard& heard);

    [[nodiscard]] bool done() const noexcept { return at_work_ == 0; }
    /// Asks once more for everything, until they are told.
    void ask_again();

    [[nodiscard]] const std::deque<Wish>& wishes() const noexcept { return wishes_; }
    [[nodiscard]] bool want_money_back(const std::string& charge_id) const;

private:
    void want(const std::string& charge_id, const std::string& kind, std::int64_t amount);
    Task<void> pursue(Wish& wish);
    Task<void> ask_once(Wish& wish);
    void hear(Wish& wish, const Heard& heard);
    /// Its answer, if there is one: for a time, by the clock of a process that may be wrong by an hour.
    [[nodiscard]] bool still_kept(const Wish& wish) const;
    [[nodiscard]] std::uint64_t draw(std::uint64_t bound) { return faults_.draw(Fault::wishes, bound); }

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    Fleet& fleet_;
    std::deque<Wish> wishes_;
    std::map<std::string, std::string> known_;  // by charge: the status that was looked at last
    std::map<std::string, std::int64_t> amounts_;
    std::size_t at_work_ = 0;
};

}  // namespace tollgate::simulation
