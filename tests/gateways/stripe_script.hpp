#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <deque>

#include "gateway/stripe/stripe_gateway.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::test {

/// StripeGateway beside answers that are written down beforehand; keeps what was asked.
class StripeScript final : public Exchange {
public:
    StripeScript& answer(int status, std::string body, std::optional<bool> should_retry = {}) {
        answers_.push_back(
            OutboundReply{.status = status, .body = std::move(body), .retry_after = {}, .should_retry = should_retry});
        return *this;
    }
    StripeScript& fails(Code code) {
        answers_.push_back(fail(code, "on its way"));
        return *this;
    }

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        asked.push_back(std::move(request));
        if (answers_.empty()) co_return fail(Code::internal, "the script has ended");
        auto next = std::move(answers_.front());
        answers_.pop_front();
        co_return next;
    }

    [[nodiscard]] bool is_over() const { return answers_.empty(); }

    template <class Made, class Request>
    Made make(Task<Made> (StripeGateway::*step)(Request, CallContext), Request request, Ask ask) {
        return time_.run(
            (gateway.*step)(std::move(request), CallContext{"key-1", "trace", time_.steady() + std::chrono::seconds(9), ask}));
    }
    auto authorize(AuthorizeRequest request, Ask ask = Ask::perform) {
        return make(&StripeGateway::authorize, std::move(request), ask);
    }
    auto capture(Ask ask = Ask::perform, std::int64_t amount = 4999) {
        return make(&StripeGateway::capture, CaptureRequest{"ch_ours", "pi_1", usd(amount)}, ask);
    }
    auto cancel(Ask ask = Ask::perform) {
        return make(&StripeGateway::void_authorization, VoidRequest{"ch_ours", "pi_1"}, ask);
    }
    auto refund(std::string reason = "", Ask ask = Ask::perform) {
        return make(&StripeGateway::refund, RefundRequest{"ch_ours", "ch_stripe", usd(700), std::move(reason)}, ask);
    }
    auto books(std::string cursor = "") {
        const std::chrono::sys_days day = std::chrono::November / 22 / 2026;
        return time_.run(gateway.transactions({day, std::move(cursor), time_.steady() + std::chrono::seconds(9)}));
    }

    static Money usd(std::int64_t minor) { return {minor, *Currency::from_code("USD")}; }

    std::vector<OutboundRequest> asked;
    StripeGateway gateway{*this, {.api_key = "sk_test_1", .return_url = "https://shop.example/back?a=b"}};

private:
    std::deque<Result<OutboundReply>> answers_;
    VirtualTime time_;
};

inline AuthorizeRequest stripe_payment(std::string method = "pm_1") {
    return {.reference = "ch_ours",
            .order_id = "ord 1",
            .amount = StripeScript::usd(4999),
            .payment_method = std::move(method),
            .customer = {"cus_1", "ann@example.com", "US"}};
}

inline AuthorizeRequest continued_payment() {
    AuthorizeRequest request = stripe_payment();
    request.continues = "pi_1";
    return request;
}

/// What `more` names takes the place of what is there.
inline std::string changed(std::string_view base, std::string_view status, std::string_view more) {
    auto object = boost::json::parse(boost::json::string_view(base.data(), base.size())).as_object();
    const auto members = boost::json::parse(boost::json::string_view(more.data(), more.size()));
    object["status"] = boost::json::string_view(status.data(), status.size());
    for (const auto& [name, value] : members.as_object()) object[name] = value;
    return boost::json::serialize(object);
}

/// A PaymentIntent of 49.99 USD for "ch_ours" that "key-1" made.
inline std::string stripe_intent(std::string_view status, std::string_view more = "{}") {
    return changed(R"({"id":"pi_1","object":"payment_intent","amount":4999,"amount_received":0,"currency":"usd",
        "metadata":{"reference":"ch_ours","tollgate_key":"key-1"},"latest_charge":null,"last_payment_error":null,
        "next_action":null})",
                   status, more);
}

inline const std::string redirect_action =
    R"({"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}})";

inline std::string stripe_refund(std::string_view status, std::string_view more = "{}") {
    return changed(R"({"id":"re_1","object":"refund","amount":700,"currency":"usd","charge":"ch_stripe",
        "metadata":{"reference":"ch_ours","tollgate_key":"key-1"}})",
                   status, more);
}

inline std::string stripe_list(std::string_view rows, bool more = false) {
    return R"({"object":"list","has_more":)" + std::string(more ? "true" : "false") + R"(,"data":[)" + std::string(rows) + "]}";
}

inline std::string stripe_error(std::string_view type, std::string_view code = "", std::string_view more = "") {
    return R"({"error":{"type":")" + std::string(type) + R"(","code":")" + std::string(code) +
           R"(","message":"4111 1111 1111 1111")" + std::string(more) + "}}";
}

/// What an outcome lets one believe: "done", "redirect" or the error's name, with "?" behind it where the step may have been
/// done and "-" where it was not and may be asked for again.
template <class T>
std::string meaning(const Result<T>& outcome) {
    if (outcome) {
        if constexpr (std::is_same_v<T, AuthorizeOutcome>) return outcome->authorized ? "done" : "redirect";
        return "done";
    }
    const std::string name(info(outcome.error().code).name);
    switch (outcome.error().execution) {
        case Execution::unknown:
            return name + "?";
        case Execution::not_executed:
            return name + "-";
        case Execution::refused:
            return name;
    }
    return "";
}

/// The id that a step was answered with; its belief when it was not.
inline std::string id_of(const Result<std::string>& outcome) {
    return outcome ? *outcome : meaning(outcome);
}

}  // namespace tollgate::test
