// What Stripe answers, at each of the calls: "ap200t" (which call, perform or look up, status, Stripe-Should-Retry: t, f or
// neither) on the first line, the body behind it; a second exchange of the same call hears what follows a line of "---", the
// same way. Money may have moved unless an answer plainly says that it has not, and has moved only where one says so.
#include <boost/json.hpp>
#include <functional>

#include "fuzz/support/fuzz.hpp"
#include "gateway/stripe/stripe_gateway.hpp"
#include "redaction/card_number.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::fuzz {
namespace {

namespace json = boost::json;
using Holds = std::function<bool(const json::object&)>;

const Money asked{4999, *Currency::from_code("USD")};
constexpr const char* reference = "ch_1";
constexpr const char* key = "key";

/// Answers with one reply after the other, and then with the last again.
class Scripted final : public Exchange {
public:
    std::vector<OutboundReply> replies;
    std::size_t heard = 0;

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        expect(request.path.starts_with("/v1/") && request.path.find_first_of(" \r\n") == std::string::npos,
               "what is asked for is a path");
        expect(request.idempotency_key.empty() == (request.method == "GET"), "a call carries its key, and a read none");
        expect(++heard <= 20, "a call is a bounded number of exchanges");
        co_return replies[std::min(heard, replies.size()) - 1];
    }
};

OutboundReply reply_in(std::string_view head, std::string_view body) {
    OutboundReply reply;
    for (const char c : head.substr(0, 3))
        if (c >= '0' && c <= '9') reply.status = reply.status * 10 + (c - '0');
    reply.body = body;
    if (head.size() > 3 && (head[3] == 't' || head[3] == 'f')) reply.should_retry = head[3] == 't';
    return reply;
}

bool any_object(const json::value& value, const Holds& holds) {
    if (const json::object* object = value.if_object()) {
        if (holds(*object)) return true;
        for (const auto& member : *object)
            if (any_object(member.value(), holds)) return true;
    }
    if (const json::array* array = value.if_array())
        for (const json::value& one : *array)
            if (any_object(one, holds)) return true;
    return false;
}

bool told(const Scripted& stripe, const Holds& holds) {
    for (const OutboundReply& reply : stripe.replies) {
        boost::system::error_code error;
        const json::value body = json::parse(reply.body, error);
        const bool may_tell = reply.status == 200 || reply.status == 402;
        if (!error && may_tell && any_object(body, holds)) return true;
    }
    return false;
}

bool says(const json::object& object, std::string_view member, std::string_view text) {
    const auto* const value = object.if_contains(json::string_view(member.data(), member.size()));
    return value != nullptr && value->is_string() && value->get_string() == json::string_view(text.data(), text.size());
}

bool says(const json::object& object, std::string_view member, std::int64_t number) {
    const auto* const value = object.if_contains(json::string_view(member.data(), member.size()));
    return value != nullptr && value->is_int64() && value->get_int64() == number;
}

bool is_intent(const json::object& object, std::string_view status) {
    const auto* const metadata = object.if_contains("metadata");
    return says(object, "object", "payment_intent") && says(object, "status", status) && metadata != nullptr &&
           metadata->is_object() && says(metadata->get_object(), "reference", reference);
}

bool is_authorized(const json::object& object) {
    return (is_intent(object, "requires_capture") || is_intent(object, "succeeded")) && says(object, "amount", asked.minor) &&
           says(object, "currency", "usd");
}

bool is_captured(const json::object& object) {
    return is_intent(object, "succeeded") && says(object, "id", "pi_1") && says(object, "amount_received", asked.minor) &&
           says(object, "currency", "usd");
}

bool is_refund(const json::object& object) {
    return says(object, "object", "refund") && says(object, "amount", asked.minor) && says(object, "currency", "usd");
}

void check_failure(const Scripted& stripe, Ask ask, const PaymentError& error) {
    expect(!holds_card_number(error.detail), "an error quotes no card number");
    const auto all_are = [&](auto holds) { return std::ranges::all_of(stripe.replies, holds); };
    const bool faults = all_are([](const OutboundReply& reply) { return reply.status >= 500 || reply.status < 200; });
    const bool nothing = all_are([](const OutboundReply& reply) { return !reply.body.starts_with('{'); });
    const bool is_unknown = error.execution == Execution::unknown;
    if (faults) expect(is_unknown, "a fault does not say that nothing moved");
    if (nothing && all_are([](const OutboundReply& reply) { return reply.status == 200; }))
        expect(is_unknown, "what cannot be read does not say that nothing moved");
    if (ask == Ask::look_up) expect(error.execution != Execution::not_executed, "a look-up that fails proves nothing");
    if (error.code == Code::never_arrived) expect(ask == Ask::look_up, "only a look-up finds nothing");
}

void check_authorize(StripeGateway& gateway, Scripted& stripe, test::VirtualTime& time, CallContext context, bool continues) {
    AuthorizeRequest request{reference, "ord_1", asked, "pm_1", {}};
    if (continues) request.continues = "pi_1";
    const Ask ask = context.ask;
    const auto outcome = time.run(gateway.authorize(std::move(request), std::move(context)));
    if (!outcome) return check_failure(stripe, ask, outcome.error());
    expect(outcome->authorized.has_value() != !outcome->redirect_url.empty(), "authorized, or sent to authenticate");
    if (outcome->authorized) return expect(told(stripe, is_authorized), "what is authorized was told so, of this sum");
    expect(told(stripe, [](const json::object& object) { return is_intent(object, "requires_action"); }),
           "who is sent away was asked to authenticate");
    expect(outcome->redirect_url.starts_with("http") && outcome->redirect_url.find_first_of(" \r\n\"<>") == std::string::npos,
           "the customer is sent to an address of the web");
}

}  // namespace

void judge(std::string_view input) {
    static test::VirtualTime time;
    const std::string_view head = take_line(input);
    if (head.size() < 5) return;
    Scripted stripe;
    const auto cut = input.find("\n---\n");
    stripe.replies.push_back(reply_in(head.substr(2), input.substr(0, cut)));
    if (cut != input.npos) {
        std::string_view second = input.substr(cut + 5);
        const std::string_view its_head = take_line(second);
        stripe.replies.push_back(reply_in(its_head, second));
    }
    StripeGateway gateway(stripe, {.api_key = "sk_test", .return_url = "https://shop.example/back"});
    CallContext context{key, "", SteadyTime::max(), head[1] == 'l' ? Ask::look_up : Ask::perform};
    const Ask ask = context.ask;
    const auto judge_id = [&](const Result<std::string>& id, const Holds& holds) {
        if (!id) return check_failure(stripe, ask, id.error());
        expect(!id->empty() && id->size() <= 255, "an id fits into the next call");
        expect(told(stripe, holds), "what is done was told so, of this sum");
    };
    switch (head[0]) {
        case 'a':
        case 'k':
            return check_authorize(gateway, stripe, time, std::move(context), head[0] == 'k');
        case 'c':
            return judge_id(time.run(gateway.capture({reference, "pi_1", asked}, std::move(context))), is_captured);
        case 'v':
            return judge_id(time.run(gateway.void_authorization({reference, "pi_1"}, std::move(context))),
                            [](const json::object& object) { return is_intent(object, "canceled"); });
        case 'r':
            return judge_id(time.run(gateway.refund({reference, "ch_9", asked}, std::move(context))), is_refund);
        default: {
            const auto page = time.run(gateway.transactions({std::chrono::sys_days(), "", SteadyTime::max()}));
            if (!page) return check_failure(stripe, Ask::look_up, page.error());
            for (const GatewayTransaction& one : page->data) {
                expect(one.amount >= 0 && one.amount <= Money::minor_max && Currency::from_code(one.currency).has_value(),
                       "what the books hold is money");
            }
        }
    }
}

}  // namespace tollgate::fuzz
