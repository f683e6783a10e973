// What the outside answers, at each of the calls: "ap200" (which call, perform or look up, status) on the first line, the body
// behind it. Money may have moved unless the answer plainly says that it has not.
#include <boost/json.hpp>

#include "fuzz/support/fuzz.hpp"
#include "gateway/http_call.hpp"
#include "gateway/http_gateway.hpp"
#include "gateway/http_goods.hpp"
#include "redaction/card_number.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::fuzz {
namespace {

namespace json = boost::json;

const Money asked{4999, *Currency::from_code("USD")};
constexpr std::string_view reference = "ch_1";
constexpr const char* goods_id = "sh/ 1";

class Scripted final : public Exchange {
public:
    OutboundReply reply;

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        expect(request.path.starts_with('/') && request.path.find_first_of(" \r\n") == std::string::npos,
               "what is asked for is a path");
        co_return reply;
    }
};

/// The digits that stand first, as far as they make a status.
int status_in(std::string_view text) {
    int status = 0;
    for (const char c : text.substr(0, 3))
        if (c >= '0' && c <= '9') status = status * 10 + (c - '0');
    return status;
}

json::object answer_in(const OutboundReply& reply) {
    expect(reply.status == 200 || reply.status == 201, "only 200 and 201 are a success");
    boost::system::error_code error;
    auto body = json::parse(reply.body, error);
    expect(!error && body.is_object(), "a success is a JSON object");
    return std::move(body.get_object());
}

/// A success stands in its answer: nothing that is repeated there may differ from what was asked.
void check_success(const OutboundReply& reply, bool has_money) {
    const json::object answer = answer_in(reply);
    if (const auto* const echo = answer.if_contains("reference"))
        expect(echo->is_string() && echo->get_string() == reference, "the charge is the one that was asked for");
    if (!has_money) return;
    if (const auto* const amount = answer.if_contains("amount")) {
        expect((amount->is_int64() && amount->get_int64() == asked.minor) ||
                   (amount->is_uint64() && amount->get_uint64() == static_cast<std::uint64_t>(asked.minor)),
               "the amount is what was asked");
    }
    if (const auto* const currency = answer.if_contains("currency"))
        expect(currency->is_string() && currency->get_string() == "USD", "the currency is what was asked");
}

void check_failure(const OutboundReply& reply, Ask ask, const PaymentError& error) {
    expect(!holds_card_number(error.detail), "an error quotes no card number");
    const bool may_have_moved = error.execution == Execution::unknown;
    if (reply.status < 400 || reply.status > 499) expect(may_have_moved, "only a 4xx can say that nothing moved");
    if (reply.status == 402 || reply.status == 404) return;
    if (ask == Ask::look_up) expect(error.execution != Execution::not_executed, "a look-up that fails proves nothing");
    if (error.code == Code::never_arrived) expect(ask == Ask::look_up, "only a look-up finds nothing");
}

/// The contract asks for no body where goods are taken back.
void check_undone(const OutboundReply& reply) {
    if (reply.body.empty()) return expect(reply.status == 200 || reply.status == 204, "only 200 and 204 need no body");
    const json::object answer = answer_in(reply);
    if (const auto* const echo = answer.if_contains("shipment_id"))
        expect(echo->is_string() && echo->get_string() == json::string_view(goods_id),
               "the goods are those that were asked for");
}

struct Call {
    test::VirtualTime& time;
    Scripted& outside;
    CallContext context;

    Result<std::string> make(char which) {
        HttpGateway gateway(outside, {.api_key = "secret"});
        HttpGoods inventory(outside, inventory_words);
        HttpGoods shipping(outside, shipping_words);
        const GoodsRequest goods{std::string(reference), "ord_1", {{"SKU-1", 1}}};
        switch (which) {
            case 'c':
                return time.run(gateway.capture({std::string(reference), "au_1", asked}, context));
            case 'v':
                return time.run(gateway.void_authorization({std::string(reference), "au_1"}, context));
            case 'r':
                return time.run(gateway.refund({std::string(reference), "ca_1", asked}, context));
            case 'i':
                return time.run(inventory.place(goods, context));
            case 's':
                return time.run(shipping.place(goods, context));
            default:
                return time.run(shipping.undo(goods_id, context));
        }
    }

    Result<AuthorizeOutcome> authorize() {
        HttpGateway gateway(outside);
        return time.run(gateway.authorize({std::string(reference), "ord_1", asked, "tok_visa", {}, false}, context));
    }
};

void check_authorized(const AuthorizeOutcome& outcome, const OutboundReply& reply) {
    expect(outcome.authorized.has_value() != !outcome.redirect_url.empty(), "authorized, or sent to authenticate");
    if (outcome.authorized) return check_success(reply, true);
    expect(reply.status == 402, "only a 402 asks for the customer's authentication");
    expect(outcome.redirect_url.starts_with("http") && outcome.redirect_url.find_first_of(" \r\n\"<>") == std::string::npos,
           "the customer is sent to an address of the web");
}

}  // namespace

void judge(std::string_view input) {
    static test::VirtualTime time;
    Scripted outside;
    const std::string_view head = take_line(input);
    if (head.size() < 5) return;
    outside.reply = {status_in(head.substr(2)), std::string(input), std::nullopt, std::nullopt};
    const Ask ask = head[1] == 'l' ? Ask::look_up : Ask::perform;
    Call call{time, outside, {"key", "", SteadyTime::max(), ask}};

    if (head[0] == 'a') {
        const auto outcome = call.authorize();
        if (outcome) return check_authorized(*outcome, outside.reply);
        return check_failure(outside.reply, ask, outcome.error());
    }
    const auto id = call.make(head[0]);
    if (!id) return check_failure(outside.reply, ask, id.error());
    expect(!id->empty() && id->size() <= 255, "an id fits into the next call");
    if (std::string_view("cvris").find(head[0]) == std::string_view::npos) return check_undone(outside.reply);
    check_success(outside.reply, head[0] == 'c' || head[0] == 'r');
}

}  // namespace tollgate::fuzz
