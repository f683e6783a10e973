#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "payments/outside_calls.hpp"
#include "saga/intent.hpp"
#include "support/memory_store.hpp"

namespace tollgate::test {

/// What the outside does with one call, and what its caller hears.
struct Reaction {
    bool acts = true;
    std::optional<PaymentError> error;  // heard instead of the result
    bool remembers = false;             // the error is the key's own answer from now on: a definite no
    std::string redirect_url;           // authorize: the customer must go there first …
    std::string waiting_id;             // … while the gateway keeps this open
    bool repeats = false;               // the error is what every call with this key hears from now on, and no look-up
    Milliseconds arrives_after{0};      // acts only then: nobody waits for it any more
    Milliseconds takes{0};
};

inline Reaction does() {
    return {};
}
inline Reaction loses_reply() {
    return {.error = PaymentError(Code::gateway_timeout, "cut after sending")};
}
inline Reaction never_gets_it() {
    return {.acts = false, .error = PaymentError(Code::gateway_timeout, "cut after sending")};
}
inline Reaction acts_and_fails() {
    return {.error = PaymentError(Code::gateway_fault, "answered 500")};
}
inline Reaction fails_without_acting() {
    return {.acts = false, .error = PaymentError(Code::gateway_fault, "answered 500")};
}
/// The same, and the 500 is the key's answer for ever.
inline Reaction keeps_its_500(bool acted) {
    return {.acts = acted, .error = PaymentError(Code::gateway_fault, "answered 500"), .repeats = true};
}
inline Reaction arrives_late(Milliseconds after) {
    return {.acts = false, .error = PaymentError(Code::gateway_timeout, "cut after sending"), .arrives_after = after};
}
inline Reaction not_reached() {
    return {.acts = false, .error = PaymentError(Code::network_error, "connection refused")};
}
inline Reaction hears(Code code) {
    return {.acts = false, .error = PaymentError(code, "scripted")};
}
inline Reaction refuses(Code code) {
    return {.acts = false, .error = PaymentError(code, "refused"), .remembers = true};
}
inline Reaction wants_customer(std::string waiting_id = "") {
    return {.acts = false, .redirect_url = "https://bank.example/3ds", .waiting_id = std::move(waiting_id)};
}

/// Gateway, inventory and shipping in one: keys are remembered, as contract section 6 asks, and every call and every effect
/// is written down. A step reacts as its script says, first come first served, and then as `always` says.
class OutsideWorld {
public:
    struct Call {
        Step step;
        std::string key;
        Ask ask;
        WallTime at;

        friend bool operator==(const Call&, const Call&) = default;
    };
    struct Effect {
        Step step;
        std::string key;
        std::string id;
        std::int64_t amount;
        std::string of;  // what an undo undoes; what is captured
    };
    struct Script {
        std::deque<Reaction> performs;
        std::deque<Reaction> look_ups;
        std::optional<Reaction> always;          // of performs, once the list is used up
        std::optional<Reaction> always_look_up;  // the same of look-ups
    };

    explicit OutsideWorld(const Runtime& runtime) : runtime_(runtime) {}

    GatewayTraits traits{std::chrono::hours(24), std::chrono::minutes(1), true};
    std::map<Step, Script> scripts;
    std::vector<Call> calls;
    std::vector<Effect> effects;
    std::vector<std::string> continued;  // what authorizations said that they go on with …
    std::vector<bool> authenticated;     // … and whether they asked for the customer's authentication
    bool asks_customers = false;         // asked for that, it sends the customer there, once
    Authorization card{.id = {}, .avs_result = "match", .cvv_result = "match", .card_country = "US", .expires_at = {}};
    std::optional<Milliseconds> authorization_lasts;  // none: it does not say
    std::function<void(Step)> on_call;                // before anything else happens

    void crash_at_call(int index, bool after_it_acted) { crash_.emplace(index, after_it_acted); }
    void forget_crash() noexcept { crash_.reset(); }
    /// The other side forgets its keys: their window is over.
    void forget_keys() { answers_.clear(); }

    [[nodiscard]] std::vector<Effect> effects_of(Step step) const {
        std::vector<Effect> found;
        std::ranges::copy_if(effects, std::back_inserter(found), [&](const Effect& effect) { return effect.step == step; });
        return found;
    }
    [[nodiscard]] std::vector<Step> steps_done() const {
        std::vector<Step> steps;
        for (const Effect& effect : effects) steps.push_back(effect.step);
        return steps;
    }
    [[nodiscard]] std::vector<Call> calls_of(Step step) const {
        std::vector<Call> found;
        std::ranges::copy_if(calls, std::back_inserter(found), [&](const Call& call) { return call.step == step; });
        return found;
    }
    [[nodiscard]] int count(Step step, Ask ask) const {
        return static_cast<int>(
            std::ranges::count_if(calls, [&](const Call& call) { return call.step == step && call.ask == ask; }));
    }

    [[nodiscard]] OutsideCalls services() {
        OutsideCalls out;
        out.gateway_name = "sandbox";
        out.gateway = out.inventory = out.shipping = traits;
        out.reserve = goods(Step::reserve);
        out.ship = goods(Step::ship);
        out.release = undo(Step::release);
        out.cancel_shipment = undo(Step::cancel_shipment);
        out.capture = [this](OutsideCall<CaptureRequest> call) -> Task<Result<std::string>> {
            co_return id_of(
                co_await serve(Step::capture, call.context, call.payload.amount.minor, call.payload.authorization_id));
        };
        out.refund = [this](OutsideCall<RefundRequest> call) -> Task<Result<std::string>> {
            co_return id_of(co_await serve(Step::refund, call.context, call.payload.amount.minor, call.payload.capture_id));
        };
        out.void_authorization = [this](OutsideCall<VoidRequest> call) -> Task<Result<std::string>> {
            co_return id_of(co_await serve(Step::void_authorization, call.context, 0, call.payload.authorization_id));
        };
        out.authorize = [this](OutsideCall<AuthorizeRequest> call) -> Task<Result<AuthorizeOutcome>> {
            if (call.context.ask == Ask::perform) {
                continued.push_back(call.payload.continues);
                authenticated.push_back(call.payload.authenticate);
                const bool asks = call.payload.authenticate && asks_customers;
                if (asks && !std::exchange(asked_customer_, true)) scripts[Step::authorize].performs = {wants_customer()};
            }
            auto answer = co_await serve(Step::authorize, call.context, call.payload.amount.minor, call.payload.reference);
            if (!answer) co_return fail(answer.error());
            AuthorizeOutcome outcome;
            outcome.redirect_url = answer->redirect_url;
            outcome.waiting_id = answer->waiting_id;
            if (!outcome.redirect_url.empty()) co_return outcome;
            outcome.authorized = card;
            outcome.authorized->id = answer->id;
            if (authorization_lasts) outcome.authorized->expires_at = runtime_.clock.wall() + *authorization_lasts;
            co_return outcome;
        };
        return out;
    }

private:
    struct Answer {
        std::string id;
        std::optional<PaymentError> refusal;
        std::string redirect_url;
        std::string waiting_id;
    };

    OutsideService<GoodsRequest, std::string> goods(Step step) {
        return [this, step](OutsideCall<GoodsRequest> call) -> Task<Result<std::string>> {
            co_return id_of(co_await serve(step, call.context, 0, call.payload.reference));
        };
    }
    OutsideService<std::string, std::string> undo(Step step) {
        return [this, step](OutsideCall<std::string> call) -> Task<Result<std::string>> {
            co_return id_of(co_await serve(step, call.context, 0, call.payload));
        };
    }
    static Result<std::string> id_of(Result<Answer> answer) {
        if (!answer) return fail(answer.error());
        return answer->id;
    }

    Task<Result<Answer>> serve(Step step, CallContext context, std::int64_t amount, std::string of) {
        if (runtime_.clock.steady() >= context.deadline) co_return fail(Code::network_error, "no time was left");
        if (on_call) on_call(step);
        calls.push_back({step, context.key, context.ask, runtime_.clock.wall()});
        const bool crashes = crash_ && crash_->first-- == 0;
        const bool crashes_after = crashes && std::exchange(crash_, std::nullopt)->second;
        if (crashes && !crashes_after) throw Crash{};

        const Reaction reaction = next_reaction(scripts[step], context.ask);
        const SteadyTime answered = runtime_.clock.steady() + reaction.takes;
        if (reaction.takes > Milliseconds(0)) co_await sleep_until(std::min(answered, context.deadline));
        auto answer = context.ask == Ask::look_up ? look_up(context.key, reaction)
                                                  : perform(step, context.key, amount, std::move(of), reaction);
        if (crashes_after) throw Crash{};
        if (answered > context.deadline) co_return fail(Code::gateway_timeout, "no answer before the deadline");
        co_return answer;
    }

    Task<void> sleep_until(SteadyTime time) {
        const auto timer = runtime_.timers.make();
        co_await timer->wait_until(time);
    }

    static Reaction next_reaction(Script& script, Ask ask) {
        auto& list = ask == Ask::perform ? script.performs : script.look_ups;
        if (list.empty()) return (ask == Ask::perform ? script.always : script.always_look_up).value_or(does());
        Reaction reaction = list.front();
        list.pop_front();
        return reaction;
    }

    Task<void> arrive(Step step, std::string key, std::int64_t amount, std::string of, Milliseconds after) {
        co_await sleep_for(runtime_, after);
        [[maybe_unused]] const auto heard_by_nobody = perform(step, key, amount, std::move(of), does());
    }

    Result<Answer> perform(Step step, const std::string& key, std::int64_t amount, std::string of, const Reaction& reaction) {
        if (const auto fault = faults_.find(key); fault != faults_.end()) return fail(fault->second);
        if (reaction.repeats) faults_.emplace(key, *reaction.error);
        if (reaction.arrives_after > Milliseconds(0))
            spawn(runtime_.executor, arrive(step, key, amount, of, reaction.arrives_after));
        const bool known = answers_.contains(key);
        if (!known && reaction.acts) {
            const std::string id = std::string(name(step)) + "_" + std::to_string(effects.size() + 1);
            effects.push_back({step, key, id, amount, std::move(of)});
            answers_[key] = {.id = id, .refusal = {}, .redirect_url = {}, .waiting_id = {}};
        } else if (!known && reaction.remembers) {
            answers_[key] = {.id = {}, .refusal = reaction.error, .redirect_url = {}, .waiting_id = {}};
        } else if (!known && !reaction.redirect_url.empty()) {
            answers_[key] = {.id = {}, .refusal = {}, .redirect_url = reaction.redirect_url, .waiting_id = reaction.waiting_id};
        }
        if (reaction.error && !reaction.remembers) return fail(*reaction.error);
        return told(key);
    }

    Result<Answer> look_up(const std::string& key, const Reaction& reaction) {
        if (reaction.error) return fail(*reaction.error);
        return told(key);
    }

    Result<Answer> told(const std::string& key) const {
        const auto at = answers_.find(key);
        if (at == answers_.end()) return fail(Code::never_arrived, "the key is not known");
        if (at->second.refusal) return fail(*at->second.refusal);
        return at->second;
    }

    const Runtime& runtime_;
    std::map<std::string, Answer> answers_;
    std::map<std::string, PaymentError> faults_;
    std::optional<std::pair<int, bool>> crash_;
    bool asked_customer_ = false;
};

}  // namespace tollgate::test
