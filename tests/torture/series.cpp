#include "torture/series.hpp"

#include <atomic>
#include <thread>

namespace tollgate::test {
namespace {

constexpr int workers_count = 2;
constexpr int calls_max = 5000;  // of one name by one thread, more than any script makes

}  // namespace

int for_every_call(const Plan& plan, std::chrono::steady_clock::time_point end, Violations& violations,
                   const std::function<bool(int n)>& life) {
    std::atomic<int> next{plan.first};
    std::atomic<int> hit{0};
    std::atomic<bool> over{false};
    const auto work = [&] {
        while (!over && std::chrono::steady_clock::now() < end) {
            const int n = next.fetch_add(plan.stride);
            try {
                if (n > calls_max) throw std::runtime_error("there is no end of system calls");
                if (life(n)) {
                    ++hit;
                } else {
                    over = true;
                }
            } catch (const std::exception& error) {
                violations.add("at call " + std::to_string(n) + ": " + error.what());
                over = true;
            }
        }
    };
    std::vector<std::thread> workers;
    for (int i = 0; i < workers_count; ++i) workers.emplace_back(work);
    for (std::thread& one : workers) one.join();
    return hit;
}

std::vector<Purchase> purchases_of_script(const std::string& prefix) {
    std::vector<Purchase> all;
    for (const Kind& kind : script()) all.push_back(make_purchase(prefix + "-" + std::to_string(all.size()), kind));
    return all;
}

void play(std::vector<Purchase>& purchases, unsigned short port) {
    for (Purchase& purchase : purchases) {
        while (!is_settled(purchase) && go_on(purchase, port)) {
        }
    }
}

void settle(std::vector<Purchase>& purchases, unsigned short port) {
    for (Purchase& purchase : purchases) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{90};
        while (!is_settled(purchase)) {
            if (go_on(purchase, port)) continue;
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error("no final answer for " + purchase.key);
            std::this_thread::sleep_for(std::chrono::milliseconds{50});  // a client's pause between tries
        }
    }
}

}  // namespace tollgate::test
