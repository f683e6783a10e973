#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "simulation/fleet.hpp"

namespace tollgate::simulation {

/// One thing somebody wants to pay for, under one key; and, under the same key, what a confused client asks for instead.
struct Purchase {
    struct Payload {
        std::string body;
        std::int64_t amount = 0;
        bool refused = false;  // the key belongs to the other payload, or the order to another key
        std::optional<Heard> answer;
        SteadyTime answered_at{};
    };
    std::string key;
    std::string order_id;
    std::string charge_id;
    SteadyTime begun_at{};  // nothing was asked before
    std::array<Payload, 2> payloads;
    bool began_again = false;  // asked under another key for an order that was asked for before

    [[nodiscard]] bool settled() const noexcept { return payloads[0].refused || payloads[0].answer || payloads[1].answer; }
};

/// Everybody who buys: asks until the answer is final, comes back after having been cut off, is impatient, repeats and confuses
/// things as the seed says. What they hear must make sense, always.
class Clients {
public:
    Clients(Scheduler& scheduler, Faults& faults, History& history, Fleet& fleet);

    std::function<void(std::string)> violation;
    /// Whether nobody can tell what became of a charge, ever: whoever asks for it gives up.
    std::function<bool(const std::string& charge_id)> is_beyond_help;
    /// Whoever owns the shop hears what its clients are told of a charge of this amount.
    std::function<void(const std::string& charge_id, std::int64_t amount, const Heard&)> told;

    void start();
    [[nodiscard]] bool done() const noexcept { return at_work_ == 0; }
    /// Everybody asks once more for everything, until they are told.
    void ask_again();

    [[nodiscard]] const std::deque<Purchase>& purchases() const noexcept { return purchases_; }

private:
    Task<void> live();
    Task<void> buy(Purchase& purchase);
    Task<void> ask_once(Purchase& purchase, std::size_t payload, Milliseconds patience);
    void repeat(Purchase& purchase, std::size_t payload);
    void hear(Purchase& purchase, std::size_t payload, const Heard& heard, SteadyTime asked_at);
    [[nodiscard]] Purchase& draw_purchase();

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    Fleet& fleet_;
    const Runtime& runtime_;
    std::deque<Purchase> purchases_;
    std::size_t at_work_ = 0;
};

}  // namespace tollgate::simulation
