#pragma once

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "torture/orders.hpp"

namespace tollgate::test {

/// Customers, each a thread, who buy order after order of every kind and ask again under the same key until the answer is
/// final, as a good client does. Some ask twice at the same time, some once more when they know, some with another body:
/// whoever was told a final answer must never hear another. What each buys follows from the seed.
class Crowd {
public:
    struct Options {
        std::vector<unsigned short> ports;  // asked in turn
        int customers = 8;
        std::uint64_t seed = 1;
        std::size_t orders_max = 20'000;  // the sandbox remembers no more than its books hold
    };

    Crowd(Options options, Violations& violations);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    [[nodiscard]] std::size_t bought() const noexcept { return bought_; }
    /// Answers that were not final, cut connections included: the customer had to come again.
    [[nodiscard]] std::size_t asked_again() const noexcept { return asked_again_; }
    /// Keys that two asked under at the same time.
    [[nodiscard]] std::size_t twins() const noexcept { return twins_; }
    /// Other bodies under a used key.
    [[nodiscard]] std::size_t refused() const noexcept { return refused_; }

    /// Lets each finish what it is at, for so long, and tells what they bought.
    [[nodiscard]] std::vector<Purchase> stop(std::chrono::seconds patience);

private:
    using Chance = std::mt19937_64;

    void shop(int customer);
    void buy(Purchase& purchase, Chance& chance);
    void settle(Purchase& purchase, std::size_t first_port);
    void ask_once_more(const Purchase& purchase, std::size_t first_port);
    void ask_with_another_body(const Purchase& purchase, std::size_t first_port);
    [[nodiscard]] bool out_of_time() const;

    Options options_;
    Violations& violations_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::chrono::steady_clock::time_point> last_call_{std::chrono::steady_clock::time_point::max()};
    std::atomic<std::size_t> bought_{0};
    std::atomic<std::size_t> asked_again_{0};
    std::atomic<std::size_t> twins_{0};
    std::atomic<std::size_t> refused_{0};
    std::mutex mutex_;
    std::vector<Purchase> purchases_;
    std::vector<std::thread> threads_;
};

}  // namespace tollgate::test
