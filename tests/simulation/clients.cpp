#include "simulation/clients.hpp"

#include <algorithm>

#include "payments/keys.hpp"

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;

std::string body_of(const std::string& order, std::int64_t amount, std::string_view token, std::string_view sku, bool manual) {
    return R"({"order_id":")" + order + R"(","amount":)" + std::to_string(amount) + R"(,"currency":"USD","payment_method":")" +
           std::string(token) + R"(","customer":{"id":"c","email":"c@example.com","country":"US"},"items":[{"sku":")" +
           std::string(sku) + R"(","quantity":1}])" + (manual ? R"(,"capture":"manual"})" : "}");
}

std::string_view draw_token(Random& random) {
    const auto drawn = random.below(100);
    if (drawn < 20) return drawn < 8 ? "tok_declined" : drawn < 14 ? "tok_customer" : "tok_capture_fails";
    if (drawn < 35) return drawn < 23 ? "tok_listed" : drawn < 27 ? "tok_mismatch" : "tok_abroad";
    return "tok_visa";
}

std::string_view draw_sku(Random& random) {
    const auto drawn = random.below(100);
    return drawn < 5 ? "SKU-OUT" : drawn < 18 ? "SKU-UNSHIPPABLE" : "SKU-1";
}

/// An answer but for what may come after it. (One that has outlived its time tells the charge as it stands.)
std::string stands(const Heard& heard) {
    static constexpr std::string_view later = R"("disputed":true,)";
    std::string body = heard.body;
    if (const auto at = body.find(later); at != body.npos) body.erase(at, later.size());
    return body;
}

bool says(const Heard& heard, std::string_view what) {
    return heard.body.find(what) != std::string::npos;
}

}  // namespace

Clients::Clients(Scheduler& scheduler, Faults& faults, History& history, Fleet& fleet)
    : scheduler_(scheduler), faults_(faults), history_(history), fleet_(fleet), runtime_(scheduler.nature().runtime()) {}

void Clients::start() {
    at_work_ = 1 + runtime_.random.below(10);
    for (std::size_t i = 0; i < at_work_; ++i) spawn(runtime_.executor, live());
}

Task<void> Clients::live() {
    for (std::uint64_t left = 1 + runtime_.random.below(5); left > 0; --left) {
        co_await sleep_for(runtime_, Milliseconds(static_cast<std::int64_t>(runtime_.random.below(2000))));
        co_await buy(draw_purchase());
    }
    --at_work_;
}

Purchase& Clients::draw_purchase() {
    Random& random = runtime_.random;
    const std::string number = std::to_string(purchases_.size());
    Purchase purchase;
    purchase.key = "k" + number;
    purchase.begun_at = scheduler_.now();
    purchase.charge_id = charge_id("default", purchase.key);
    purchase.began_again = !purchases_.empty() && random.below(12) == 0;
    const Purchase* const earlier = purchase.began_again ? &purchases_[random.below(purchases_.size())] : nullptr;
    purchase.order_id = earlier != nullptr ? earlier->order_id : "o" + number;
    const auto amount = earlier != nullptr ? earlier->payloads[0].amount : 100 + static_cast<std::int64_t>(random.below(9900));
    const bool manual = random.below(8) == 0;
    const auto token = draw_token(random);
    const auto sku = draw_sku(random);
    purchase.payloads[0] = {.body = body_of(purchase.order_id, amount, token, sku, manual), .amount = amount, .answer = {}};
    purchase.payloads[1] = {
        .body = body_of(purchase.order_id, amount + 1, token, sku, manual), .amount = amount + 1, .answer = {}};
    return purchases_.emplace_back(std::move(purchase));
}

/// The longer it takes the more seldom the client asks.
Task<void> Clients::buy(Purchase& purchase) {
    Milliseconds pause = 1s;
    while (!purchase.settled() && !is_beyond_help(purchase.charge_id)) {
        if (faults_.strikes(Fault::repeats)) repeat(purchase, 0);
        if (faults_.strikes(Fault::other_body)) repeat(purchase, 1);
        Milliseconds patience = 1min;
        if (faults_.strikes(Fault::leaves)) {
            if (faults_.draw(Fault::leaves, 4) == 0) co_return;  // for good
            patience = faults_.between(Fault::leaves, 1ms, 5s);
        }
        co_await ask_once(purchase, 0, patience);
        if (!purchase.settled()) {
            co_await sleep_for(runtime_, Milliseconds(static_cast<std::int64_t>(runtime_.random.below(pause.count() * 2))));
            pause = std::min<Milliseconds>(pause * 5 / 4, 1min);
        }
    }
}

void Clients::repeat(Purchase& purchase, std::size_t payload) {
    const Fault fault = payload == 0 ? Fault::repeats : Fault::other_body;
    for (auto more = faults_.draw(fault, 3) + 1; more > 0; --more) {
        spawn(runtime_.executor, ask_once(purchase, payload, 1min));
    }
}

Task<void> Clients::ask_once(Purchase& purchase, std::size_t payload, Milliseconds patience) {
    Instance* const instance = fleet_.any();
    if (instance == nullptr) co_return;
    const auto reply = std::make_shared<Reply>(runtime_);
    const SteadyTime asked_at = runtime_.clock.steady();
    instance->post({.key = purchase.key, .body = purchase.payloads[payload].body}, reply);
    const auto heard = co_await reply->wait_until(asked_at + patience);
    if (heard && *heard) hear(purchase, payload, **heard, asked_at);
}

/// A final answer stays what it is, for both payloads together there is one, and the key's owner is not told that it is not.
void Clients::hear(Purchase& purchase, std::size_t payload, const Heard& heard, SteadyTime asked_at) {
    history_.note(scheduler_.now(), "heard", purchase.key, payload, heard.status, heard.body);
    Purchase::Payload& asked = purchase.payloads[payload];
    if (heard.status == 201 || heard.status == 202) told(purchase.charge_id, asked.amount, heard);
    if (heard.status == 202) return;
    if (heard.status >= 400 && says(heard, R"("retriable":true)")) {
        const bool was_answered = asked.answer && asked.answered_at < asked_at;
        if (was_answered && says(heard, "idempotency_in_flight")) violation("in flight after its answer: " + purchase.key);
        return;
    }
    if (says(heard, "idempotency_key_reused") || says(heard, "probable_duplicate")) {
        if (asked.answer) violation("refused after its answer: " + purchase.key + " " + heard.body);
        asked.refused = true;
        return;
    }
    const bool known = heard.status == 201 || heard.status == 402 || heard.status == 409 ||
                       says(heard, R"("code":"gateway_error")") || says(heard, R"("code":"needs_attention")");
    if (!known) violation("an answer that nobody can expect: " + std::to_string(heard.status) + " " + heard.body);
    if (!asked.answer) {
        asked.answer = heard;
        asked.answered_at = scheduler_.now();
        if (purchase.payloads[1 - payload].answer) violation("two answers for two payloads under one key: " + purchase.key);
        return;
    }
    // A kept answer may be forgotten after its time, by the clock of a process that may be wrong by an hour.
    const bool still_kept = scheduler_.now() - purchase.begun_at < fleet_.settings().idempotency.ttl - 2h;
    const bool as_it_stands = !still_kept && says(*asked.answer, R"("status":"authorized")");  // and not as it stood
    const bool other_status = heard.status != asked.answer->status && !as_it_stands;
    if (other_status || (still_kept && stands(heard) != stands(*asked.answer))) {
        violation("another answer than the first: " + purchase.key + "\n  first " + asked.answer->body + "\n  now   " +
                  heard.body);
    }
}

void Clients::ask_again() {
    const auto again = [](Clients& clients, Purchase& purchase) -> Task<void> {
        const std::size_t payload = purchase.payloads[1].answer ? 1 : 0;
        Purchase::Payload& asked = purchase.payloads[payload];
        if (asked.answer) {
            co_await clients.ask_once(purchase, payload, 1min);
        } else {
            asked.refused = false;
            co_await clients.buy(purchase);
        }
        --clients.at_work_;
    };
    at_work_ = purchases_.size();
    for (Purchase& purchase : purchases_) spawn(runtime_.executor, again(*this, purchase));
}

}  // namespace tollgate::simulation
