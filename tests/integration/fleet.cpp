#include "integration/fleet.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

namespace tollgate::test {
namespace {

using namespace std::chrono_literals;

const std::string whole_checkout = "reserve authorize capture ship";

}  // namespace

Fleet::Fleet(const std::string& store_url, Variables more, std::size_t processes)
    : sandbox(start_sandbox()), settings_(service_settings(folder_, sandbox->url(), quick(std::move(more)))) {
    settings_["TOLLGATE_STORE_URL"] = store_url;
    settings_.insert({"TOLLGATE_SAGA_LEASE", "2s"});
    while (processes_.size() < processes) add();
}

Program& Fleet::add(Variables more) {
    more.insert(settings_.begin(), settings_.end());
    processes_.push_back(start_service(more));
    return *processes_.back();
}

std::vector<unsigned short> Fleet::ports() const {
    std::vector<unsigned short> all;
    for (const auto& one : processes_) all.push_back(one->port());
    return all;
}

std::string Fleet::effects(const std::string& order_id) const {
    return test::effects(sandbox->port(), order_id);
}

bool Fleet::all_become(int ready_status) const {
    return std::ranges::all_of(processes_, [&](const auto& one) {
        return eventually([&] {
            const auto reply = request(one->port(), {.path = "/health/ready"});
            return reply && reply->status == ready_status;
        });
    });
}

Customers::Customers(std::vector<unsigned short> ports, int count) : ports_(std::move(ports)) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this, i] { shop(i); });
}

Customers::~Customers() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
}

bool Customers::buy(int more) {
    const int wanted = bought_ + more;
    return eventually([&] { return bought_ >= wanted; });
}

std::vector<Customers::Purchase> Customers::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return std::move(purchases_);
}

void Customers::shop(int customer) {
    for (int number = 0; !stopping_; ++number) {
        const std::string name = std::to_string(customer) + "-" + std::to_string(number);
        Purchase purchase{.key = "key-" + name, .order = {.id = "ord_" + name, .customer = "cus_" + name}, .answer = {}};
        purchase.answer = final_answer(purchase, static_cast<std::size_t>(customer + number));
        {
            const std::lock_guard lock(mutex_);
            purchases_.push_back(std::move(purchase));
        }
        ++bought_;
        std::this_thread::sleep_for(50ms);  // bounds the load
    }
}

std::optional<Reply> Customers::final_answer(const Purchase& purchase, std::size_t first_port) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    for (std::size_t tries = 0; std::chrono::steady_clock::now() < end; ++tries) {
        auto reply = charge(ports_[(first_port + tries) % ports_.size()], purchase.key, purchase.order);
        if (is_final(reply)) return reply;
        ++asked_again_;
        std::this_thread::sleep_for(50ms);  // a client's pause between retries
    }
    return std::nullopt;
}

void check_all_bought_once(const std::vector<Customers::Purchase>& purchases, const std::vector<unsigned short>& ports,
                           unsigned short sandbox_port) {
    const OutsideLedger effects = outside_ledger(sandbox_port);
    std::size_t next_port = 0;
    for (const Customers::Purchase& purchase : purchases) {
        INFO(purchase.order.id << ": " << (purchase.answer ? purchase.answer->body : "no final answer"));
        REQUIRE(purchase.answer);
        CHECK(purchase.answer->status == 201);
        CHECK(effects.contains(purchase.order.id));
        if (effects.contains(purchase.order.id)) CHECK(types(effects.at(purchase.order.id)) == whole_checkout);
        // As a client does: what is retriable (a sync of a busy disk may outlast store.timeout) is asked again.
        const Reply again = settled_charge(ports[next_port++ % ports.size()], purchase.key, purchase.order);
        CHECK(again.status == purchase.answer->status);
        CHECK(again.body == purchase.answer->body);
        CHECK(again.header("idempotent-replayed") == "true");
    }
    CHECK(outside_ledger(sandbox_port) == effects);
}

void check_store_unavailable(const std::optional<Reply>& reply) {
    check_problem(must(reply), 503, "store_unavailable");
    CHECK(reply->text("retriable") == "true");
    CHECK_FALSE(reply->header("retry-after").empty());
}

}  // namespace tollgate::test
