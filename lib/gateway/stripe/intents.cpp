#include "gateway/stripe/intents.hpp"

#include <algorithm>
#include <array>

#include "gateway/http_call.hpp"
#include "gateway/stripe/amounts.hpp"
#include "gateway/stripe/answers.hpp"

namespace tollgate::stripe {
namespace {

using boost::json::object;
using section6::text_in;

enum class State : std::uint8_t {
    requires_payment_method,
    requires_confirmation,
    requires_action,
    processing,
    requires_capture,
    succeeded,
    canceled,
};

constexpr std::array<std::string_view, 7> states{"requires_payment_method",
                                                 "requires_confirmation",
                                                 "requires_action",
                                                 "processing",
                                                 "requires_capture",
                                                 "succeeded",
                                                 "canceled"};

Result<State> state_of(const object& intent) {
    const auto at = std::ranges::find(states, text_in(intent, "status"));
    if (at == states.end()) return fail(Code::unreadable_answer, "Stripe answered with a PaymentIntent of an unknown status");
    return static_cast<State>(at - states.begin());
}

std::unexpected<PaymentError> not_done() {
    return fail(Code::never_arrived, "the PaymentIntent is in a state without this step");
}

std::unexpected<PaymentError> refused(std::string why) {
    return fail(Code::gateway_refused, std::move(why));
}

std::unexpected<PaymentError> not_known() {
    PaymentError error(Code::gateway_busy, "Stripe still processes the PaymentIntent");
    error.execution = Execution::unknown;
    return fail(std::move(error));
}

Result<void> check_money(const object& answer, std::string_view member, Money asked) {
    const auto amount = number_in(answer, member);
    const auto expected = to_stripe(asked);
    const std::string_view currency = text_in(answer, "currency");
    if (!amount) return fail(Code::unreadable_answer, "Stripe answered without a usable " + std::string(member));
    if (currency.empty()) return fail(Code::unreadable_answer, "Stripe answered without a currency");
    if (currency != to_stripe(asked.currency))
        return fail(Code::echo_mismatch, "Stripe answered about another currency than was asked");
    if (!expected || *amount != *expected)
        return fail(Code::echo_mismatch, "Stripe answered about another amount than was asked");
    return {};
}

/// That the answer is about this intent of ours, and in which state it is.
Result<State> check(const object& intent, const About& about) {
    const object& metadata = object_in(intent, "metadata");
    const bool another = !about.intent.empty() && text_in(intent, "id") != about.intent;
    if (text_in(intent, "object") != "payment_intent" || text_in(intent, "id").empty())
        return fail(Code::unreadable_answer, "Stripe answered with something else than a PaymentIntent");
    if (another || (!about.key.empty() && !is_of_call(intent, about.key)))
        return fail(Code::echo_mismatch, "Stripe answered about another PaymentIntent than was asked");
    if (text_in(metadata, "reference") != about.reference)
        return fail(Code::echo_mismatch, "Stripe answered about another charge than was asked");
    return state_of(intent);
}

/// One word of several checks: Stripe's pass, fail, unavailable and unchecked.
std::string check_result(std::initializer_list<std::string_view> results) {
    const auto any = [&](std::string_view word) { return std::ranges::find(results, word) != results.end(); };
    if (any("fail")) return "mismatch";
    if (any("pass")) return "match";
    return std::ranges::all_of(results, &std::string_view::empty) ? "" : "unavailable";
}

Result<AuthorizeOutcome> authorized(const object& intent) {
    auto id = section6::id_in(intent, "id");
    if (!id) return fail(id.error());
    const object& card = object_in(object_in(object_in(intent, "latest_charge"), "payment_method_details"), "card");
    const object& checks = object_in(card, "checks");

    Authorization made;
    made.id = std::move(*id);
    made.avs_result = check_result({text_in(checks, "address_line1_check"), text_in(checks, "address_postal_code_check")});
    made.cvv_result = check_result({text_in(checks, "cvc_check")});
    const std::string_view country = text_in(card, "country");
    if (country.size() == 2 && std::ranges::all_of(country, [](char c) { return c >= 'A' && c <= 'Z'; }))
        made.card_country = country;
    constexpr std::int64_t last_second = 253'402'300'799;  // of the year 9999
    if (const auto before = number_in(card, "capture_before"); before && *before > 0 && *before <= last_second)
        made.expires_at = WallTime(std::chrono::seconds(*before));
    AuthorizeOutcome outcome;
    outcome.authorized = std::move(made);
    return outcome;
}

Result<AuthorizeOutcome> authentication(const object& intent) {
    auto id = section6::id_in(intent, "id");
    if (!id) return fail(id.error());
    const object& action = object_in(intent, "next_action");
    const std::string_view type = text_in(action, "type");
    if (type.empty()) return fail(Code::unreadable_answer, "Stripe asked for an action without saying which");
    if (type != "redirect_to_url")
        return fail(Code::card_declined, "the card asks for authentication, which needs gateway.return_url");
    const std::string_view url = text_in(object_in(action, "redirect_to_url"), "url");
    if (!section6::is_web_address(url))
        return fail(Code::unreadable_answer, "Stripe asked for the customer's authentication without a usable address");
    AuthorizeOutcome outcome;
    outcome.redirect_url = url;
    outcome.waiting_id = std::move(*id);
    return outcome;
}

}  // namespace

bool is_of_call(const object& one, std::string_view key) noexcept {
    return text_in(object_in(one, "metadata"), "tollgate_key") == key;
}

Result<AuthorizeOutcome> authorization(const object& intent, const About& about, Money amount, bool continued) {
    const auto state = check(intent, about);
    if (!state) return fail(state.error());
    if (auto money = check_money(intent, "amount", amount); !money) return fail(money.error());
    switch (*state) {
        case State::requires_capture:
        case State::succeeded:
            return authorized(intent);
        case State::requires_action:
            return authentication(intent);
        case State::requires_payment_method: {
            const object& error = object_in(intent, "last_payment_error");
            if (continued || !error.empty()) return fail(decline(error));
            return not_done();
        }
        case State::requires_confirmation:
            return not_done();
        case State::processing:
            return not_known();
        case State::canceled:
            return refused("the PaymentIntent was canceled");
    }
    std::unreachable();
}

Result<std::string> capture(const object& intent, const About& about, Money amount) {
    const auto state = check(intent, about);
    if (!state) return fail(state.error());
    switch (*state) {
        case State::succeeded: {
            if (auto money = check_money(intent, "amount_received", amount); !money) return fail(money.error());
            const std::string_view charge = reference_in(intent, "latest_charge");
            if (charge.empty()) return fail(Code::unreadable_answer, "Stripe answered without the captured Charge");
            return section6::id_in(object{{"id", boost::json::string_view(charge.data(), charge.size())}}, "id");
        }
        case State::requires_capture:
            return not_done();
        case State::processing:
            return not_known();
        case State::canceled:
        case State::requires_payment_method:
        case State::requires_confirmation:
        case State::requires_action:
            return refused("the PaymentIntent has no authorization to capture");
    }
    std::unreachable();
}

Result<std::string> cancellation(const object& intent, const About& about) {
    const auto state = check(intent, about);
    if (!state) return fail(state.error());
    if (*state == State::canceled) return about.intent;
    if (*state == State::succeeded) return refused("the PaymentIntent was captured: it is to be refunded instead");
    return not_done();
}

Result<std::string> refund(const object& answer, const RefundRequest& request) {
    if (text_in(answer, "object") != "refund")
        return fail(Code::unreadable_answer, "Stripe answered with something else than a Refund");
    if (reference_in(answer, "charge") != request.capture_id)
        return fail(Code::echo_mismatch, "Stripe answered about another Charge than was asked");
    if (auto money = check_money(answer, "amount", request.amount); !money) return fail(money.error());
    const std::string_view status = text_in(answer, "status");
    if (status == "failed" || status == "canceled") return refused("Stripe could not make the refund");
    if (status != "succeeded" && status != "pending" && status != "requires_action")
        return fail(Code::unreadable_answer, "Stripe answered with a Refund of an unknown status");
    return section6::id_in(answer, "id");
}

}  // namespace tollgate::stripe
