#include "simulation/shopkeepers.hpp"

#include <algorithm>

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;

bool says(const Heard& heard, std::string_view what) {
    return heard.body.find(what) != std::string::npos;
}

}  // namespace

void Shopkeepers::hear_of(const std::string& charge_id, std::int64_t amount, const Heard& heard) {
    std::string status;
    for (const std::string_view one : {"authorized", "succeeded", "requires_action"}) {
        if (says(heard, R"("object":"charge","status":")" + std::string(one) + '"')) status = one;
    }
    if (status.empty() || known_[charge_id] == status) return;
    known_[charge_id] = status;
    amounts_[charge_id] = amount;
    if (!faults_.strikes(Fault::wishes)) return;
    const auto drawn = draw(10);
    const auto part = 1 + static_cast<std::int64_t>(draw(static_cast<std::uint64_t>(amount)));
    if (status == "authorized") {
        if (drawn < 7) want(charge_id, "capture", drawn < 3 ? part : 0);
        if (drawn >= 6) want(charge_id, "void", 0);
    } else if (status == "requires_action") {
        if (drawn < 8) want(charge_id, "confirm", 0);
        if (drawn >= 7) want(charge_id, "void", 0);
    } else {
        for (auto more = drawn; more > 5; --more) {
            want(charge_id, "refund",
                 draw(8) == 0 ? 0 : 1 + static_cast<std::int64_t>(draw(static_cast<std::uint64_t>(amount))));
        }
    }
}

void Shopkeepers::want(const std::string& charge_id, const std::string& kind, std::int64_t amount) {
    Wish& wish = wishes_.emplace_back();
    wish.charge_id = charge_id;
    wish.kind = kind;
    wish.key = "w" + std::to_string(wishes_.size());
    wish.amount = amount;
    wish.begun_at = scheduler_.now();
    ++at_work_;
    spawn(scheduler_.nature().runtime().executor, pursue(wish));
}

Task<void> Shopkeepers::pursue(Wish& wish) {
    const Runtime& runtime = scheduler_.nature().runtime();
    co_await sleep_for(runtime, faults_.between(Fault::wishes, 0ms, 1min));
    if (wish.kind == "confirm") customer_comes_back(wish.charge_id);
    Milliseconds pause = 1s;
    while (!wish.answer && !is_beyond_help(wish.charge_id)) {
        if (faults_.strikes(Fault::repeats)) spawn(runtime.executor, ask_once(wish));
        co_await ask_once(wish);
        if (wish.answer) break;
        co_await sleep_for(runtime, Milliseconds(static_cast<std::int64_t>(runtime.random.below(pause.count() * 2))));
        pause = std::min<Milliseconds>(pause * 5 / 4, 1min);
    }
    --at_work_;
}

Task<void> Shopkeepers::ask_once(Wish& wish) {
    const Runtime& runtime = scheduler_.nature().runtime();
    Instance* const instance = fleet_.any();
    if (instance == nullptr) co_return;
    const auto reply = std::make_shared<Reply>(runtime);
    const SteadyTime asked_at = runtime.clock.steady();
    const std::string body = wish.amount == 0 ? "" : R"({"amount":)" + std::to_string(wish.amount) + "}";
    instance->post({.pattern = "/charge/{id}/" + wish.kind, .capture = wish.charge_id, .key = wish.key, .body = body}, reply);
    const auto heard = co_await reply->wait_until(asked_at + 1min);
    if (heard && *heard) hear(wish, **heard);
}

void Shopkeepers::hear(Wish& wish, const Heard& heard) {
    history_.note(scheduler_.now(), "wish", wish.kind, wish.charge_id, wish.key, heard.status, heard.body);
    if (heard.status == 202) return hear_of(wish.charge_id, amounts_[wish.charge_id], heard);
    if (heard.status >= 400 && says(heard, R"("retriable":true)")) return;
    const bool known = heard.status == 200 || heard.status == 402 || heard.status == 409 ||
                       says(heard, R"("code":"refund_exceeds_capture")") || says(heard, R"("code":"gateway_error")") ||
                       says(heard, R"("code":"needs_attention")");
    if (!known) violation("an answer to a wish that nobody can expect: " + std::to_string(heard.status) + " " + heard.body);
    if (!wish.answer) {
        wish.answer = heard;
        return hear_of(wish.charge_id, amounts_[wish.charge_id], heard);
    }
    if (still_kept(wish) && (heard.status != wish.answer->status || heard.body != wish.answer->body)) {
        violation("another answer to a wish than the first: " + wish.key + "\n  first " + wish.answer->body + "\n  now   " +
                  heard.body);
    }
}

bool Shopkeepers::still_kept(const Wish& wish) const {
    return scheduler_.now() - wish.begun_at < fleet_.settings().idempotency.ttl - 2h;
}

void Shopkeepers::ask_again() {
    const auto again = [](Shopkeepers& keepers, Wish& wish) -> Task<void> {
        // What was not allowed may be, once its answer has outlived its time.
        if (wish.granted() || (wish.answer && keepers.still_kept(wish))) co_await keepers.ask_once(wish);
        --keepers.at_work_;
    };
    at_work_ += wishes_.size();
    for (Wish& wish : wishes_) spawn(scheduler_.nature().runtime().executor, again(*this, wish));
}

bool Shopkeepers::want_money_back(const std::string& charge_id) const {
    return std::ranges::any_of(wishes_, [&](const Wish& wish) { return wish.kind == "refund" && wish.charge_id == charge_id; });
}

}  // namespace tollgate::simulation
