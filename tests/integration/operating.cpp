#include "integration/operating.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <latch>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace tollgate::test {

using namespace std::chrono_literals;

std::string amount_of(long long amount) {
    return R"({"amount":)" + std::to_string(amount) + "}";
}

std::optional<Reply> operate(unsigned short port, const Operation& operation) {
    return request(port, {.method = "POST",
                          .path = "/charge/" + operation.charge_id + "/" + operation.kind,
                          .body = operation.body,
                          .key = operation.key});
}

std::future<std::optional<Reply>> operate_async(unsigned short port, Operation operation) {
    return std::async(std::launch::async, [port, operation = std::move(operation)] { return operate(port, operation); });
}

Reply settled_operation(const std::vector<unsigned short>& ports, const Operation& operation) {
    const auto end = std::chrono::steady_clock::now() + 90s;
    for (std::size_t tries = 0;; ++tries) {
        auto reply = operate(ports[tries % ports.size()], operation);
        if (is_final(reply)) return *std::move(reply);
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("no final answer; the last was " +
                                     (reply ? std::to_string(reply->status) + " " + reply->body : std::string("none")));
        std::this_thread::sleep_for(50ms);  // a client's pause between retries
    }
}

std::vector<Reply> all_settled(const std::vector<unsigned short>& ports, const std::vector<Operation>& operations) {
    std::latch start(static_cast<std::ptrdiff_t>(operations.size()));
    std::vector<std::future<Reply>> clients;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        std::vector<unsigned short> its;
        for (std::size_t k = 0; k < ports.size(); ++k) its.push_back(ports[(i + k) % ports.size()]);
        clients.push_back(std::async(std::launch::async, [&start, its, &operation = operations[i]] {
            start.arrive_and_wait();
            return settled_operation(its, operation);
        }));
    }
    std::vector<Reply> replies;
    for (auto& client : clients) replies.push_back(client.get());
    return replies;
}

std::vector<long long> Till::moved(const std::string& type, const std::string& order_id) const {
    const OutsideLedger ledger = outside_ledger(stage_.sandbox->port(), order_id);
    std::vector<long long> amounts;
    for (const auto& [order, effects] : ledger) {
        for (const Effect& effect : effects) {
            if (effect.type == type) amounts.push_back(effect.amount);
        }
    }
    return amounts;
}

long long Till::given_back(const std::string& order_id) const {
    const auto amounts = moved("refund", order_id);
    return std::accumulate(amounts.begin(), amounts.end(), 0LL);
}

std::string Till::sample(const std::string& series) const {
    std::istringstream lines(stage_.get("/metrics").body);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    }
    return {};
}

void check_unsettled(const Reply& reply, const std::string& charge_id) {
    INFO(reply.status << " " << reply.body);
    CHECK(reply.status == 202);
    CHECK(reply.text("id") == charge_id);
    CHECK(reply.header("location") == "/charge/" + charge_id);
    CHECK_FALSE(reply.header("retry-after").empty());
    CHECK_FALSE(reply.headers.contains("idempotent-replayed"));
}

void check_replay(const Reply& again, const Reply& first) {
    CHECK(again.status == first.status);
    CHECK(again.body == first.body);
    CHECK(again.header("content-type") == first.header("content-type"));
    CHECK(again.header("idempotent-replayed") == "true");
}

}  // namespace tollgate::test
