#include "torture/customers.hpp"

namespace tollgate::test {
namespace {

using namespace std::chrono_literals;

constexpr auto between_tries = 40ms;  // a client's pause
constexpr int between_orders_max_ms = 80;

bool same(const Reply& one, const Reply& other) {
    return one.status == other.status && one.body == other.body;
}

}  // namespace

Crowd::Crowd(Options options, Violations& violations) : options_(std::move(options)), violations_(violations) {
    for (int i = 0; i < options_.customers; ++i) threads_.emplace_back([this, i] { shop(i); });
}

Crowd::~Crowd() {
    if (!threads_.empty()) (void)stop(0s);
}

std::vector<Purchase> Crowd::stop(std::chrono::seconds patience) {
    last_call_ = std::chrono::steady_clock::now() + patience;
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return std::move(purchases_);
}

bool Crowd::out_of_time() const {
    return std::chrono::steady_clock::now() > last_call_.load();
}

void Crowd::shop(int customer) {
    Chance chance(options_.seed * 1000 + static_cast<std::uint64_t>(customer));
    for (int number = 0; !stopping_ && bought_ < options_.orders_max; ++number) {
        const std::string name = std::to_string(customer) + "-" + std::to_string(number);
        Purchase purchase = make_purchase(name, kinds()[chance() % kinds().size()]);
        buy(purchase, chance);
        {
            const std::lock_guard lock(mutex_);
            purchases_.push_back(std::move(purchase));
        }
        ++bought_;
        std::this_thread::sleep_for(std::chrono::milliseconds(chance() % between_orders_max_ms));  // bounds the load
    }
}

void Crowd::buy(Purchase& purchase, Chance& chance) {
    const std::size_t port = chance();
    std::optional<Purchase> twin;
    std::thread beside;
    if (chance() % 4 == 0) {
        twin = purchase;
        beside = std::thread([this, &twin, port] { settle(*twin, port + 1); });
    }
    settle(purchase, port);
    if (beside.joinable()) beside.join();
    if (twin && twin->answer && purchase.answer) {
        ++twins_;
        if (!same(*twin->answer, *purchase.answer))
            violations_.add("two who asked at once heard: " + twin->answer->body, purchase);
    }
    if (!is_settled(purchase)) return;
    if (chance() % 4 == 0) ask_once_more(purchase, port + 1);
    if (chance() % 4 == 0) ask_with_another_body(purchase, port);
}

void Crowd::settle(Purchase& purchase, std::size_t first_port) {
    for (std::size_t tries = 0; !is_settled(purchase) && (tries == 0 || !out_of_time()); ++tries) {
        if (go_on(purchase, options_.ports[(first_port + tries) % options_.ports.size()])) continue;
        ++asked_again_;
        std::this_thread::sleep_for(between_tries);
    }
}

void Crowd::ask_once_more(const Purchase& purchase, std::size_t first_port) {
    Purchase again = purchase;
    again.answer.reset();
    again.after.clear();
    settle(again, first_port);
    for (std::size_t i = 0; i < again.after.size(); ++i) {
        if (!same(again.after[i], purchase.after[i]))
            violations_.add("an operation asked for once more was answered: " + again.after[i].body, purchase);
    }
    if (again.answer && !same(*again.answer, *purchase.answer))
        violations_.add("asked once more, the answer was: " + std::to_string(again.answer->status) + " " + again.answer->body,
                        purchase);
}

void Crowd::ask_with_another_body(const Purchase& purchase, std::size_t first_port) {
    Purchase other = purchase;
    other.answer.reset();
    ++other.order.amount;
    settle(other, first_port);
    if (!other.answer) return;
    ++refused_;
    if (other.answer->status != 422 || other.answer->text("code") != "idempotency_key_reused")
        violations_.add(
            "another body under the key was answered: " + std::to_string(other.answer->status) + " " + other.answer->body,
            purchase);
}

}  // namespace tollgate::test
