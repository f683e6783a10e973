#pragma once

#include <atomic>
#include <deque>
#include <thread>

#include "integration/shop.hpp"

/// Several processes of the service that share one Redis, and the customers who meet whichever of them is next.
namespace tollgate::test {

/// Processes on one store with one sandbox outside. Leases are short, as the tests wait for them.
class Fleet {
public:
    explicit Fleet(const std::string& store_url, Variables more = {}, std::size_t processes = 2);

    /// One more, with settings of its own; the first is number 0.
    Program& add(Variables more = {});
    [[nodiscard]] Program& process(std::size_t index) const { return *processes_.at(index); }
    [[nodiscard]] unsigned short port(std::size_t index) const { return processes_.at(index)->port(); }
    [[nodiscard]] std::vector<unsigned short> ports() const;
    [[nodiscard]] std::string effects(const std::string& order_id = "ord_1") const;

    /// Whether every process comes to answer /health/ready with this status.
    [[nodiscard]] bool all_become(int ready_status) const;

    std::unique_ptr<Program> sandbox;

private:
    Folder folder_;
    Variables settings_;
    std::deque<std::unique_ptr<Program>> processes_;
};

/// Customers, each a thread, who buy order after order, each order under a key of its own, and ask again (at the next port)
/// until the answer is final, as a good client does. They go on until they are told to stop.
class Customers {
public:
    struct Purchase {
        std::string key;
        Order order;
        std::optional<Reply> answer;  // none: it did not become final within a minute
    };

    Customers(std::vector<unsigned short> ports, int count);
    ~Customers();

    /// Whether so many more orders get their final answer, within a minute.
    [[nodiscard]] bool buy(int more);
    /// Answers that were not final: the client had to come again.
    [[nodiscard]] int asked_again() const noexcept { return asked_again_; }
    /// Lets each finish what it is at, and tells what they bought.
    [[nodiscard]] std::vector<Purchase> stop();

private:
    void shop(int customer);
    [[nodiscard]] std::optional<Reply> final_answer(const Purchase& purchase, std::size_t first_port);

    std::vector<unsigned short> ports_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> bought_{0};
    std::atomic<int> asked_again_{0};
    std::mutex mutex_;
    std::vector<Purchase> purchases_;
    std::vector<std::thread> threads_;
};

/// That each order was answered 201, was paid and sent exactly once, and that its key replays the answer byte for byte through
/// the next of the processes.
void check_all_bought_once(const std::vector<Customers::Purchase>& purchases, const std::vector<unsigned short>& ports,
                           unsigned short sandbox_port);

/// What a charge hears while the store is away: 503, retriable, and when to come again.
void check_store_unavailable(const std::optional<Reply>& reply);

}  // namespace tollgate::test
