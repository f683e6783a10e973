// Every adapter, every call, both ways to ask: what an answer lets one believe. An adapter that is added joins `adapters()`.
#include "gateways/support.hpp"
#include "saga/settle.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Answers every exchange with the same, and keeps what was asked.
class SameAnswer final : public Exchange {
public:
    Result<OutboundReply> answer = fail(Code::internal, "not set");
    std::vector<OutboundRequest> asked;

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        asked.push_back(std::move(request));
        co_return answer;
    }
};

struct OneCall {
    std::string title;
    std::string success;  // an answer that says that it was done
    bool goods = false;
    std::function<Task<Result<void>>(Exchange&, CallContext)> make;
    GatewayTraits traits;
};

template <class T>
Task<Result<void>> known(Task<Result<T>> task) {
    auto result = co_await std::move(task);
    if (!result) co_return fail(std::move(result.error()));
    co_return Result<void>();
}

std::vector<OneCall> calls_of_payments() {
    const auto with = [](auto ask) {
        return [ask](Exchange& exchange, CallContext context) -> Task<Result<void>> {
            HttpGateway gateway(exchange);
            co_return co_await known(ask(gateway, std::move(context)));
        };
    };
    using Gateway = HttpGateway;
    return {
        {"authorize", R"({"authorization_id":"x_1","status":"authorized"})", false,
         with([](Gateway& g, CallContext c) { return g.authorize(authorize_request(), std::move(c)); }), section6_traits},
        {"capture", R"({"capture_id":"x_1","status":"captured"})", false,
         with([](Gateway& g, CallContext c) { return g.capture({"ch_1", "a_1", usd(4999)}, std::move(c)); }), section6_traits},
        {"void", R"({"void_id":"x_1","status":"voided"})", false,
         with([](Gateway& g, CallContext c) { return g.void_authorization({"ch_1", "a_1"}, std::move(c)); }), section6_traits},
        {"refund", R"({"refund_id":"x_1","status":"refunded"})", false,
         with([](Gateway& g, CallContext c) { return g.refund({"ch_1", "c_1", usd(4999)}, std::move(c)); }), section6_traits},
    };
}

std::vector<OneCall> calls_of_goods(GoodsWords words) {
    const std::string path(words.path);
    const std::string success = "{\"" + std::string(words.id_member) + "\":\"x_1\"}";
    const auto with = [words](auto ask) {
        return [ask, words](Exchange& exchange, CallContext context) -> Task<Result<void>> {
            HttpGoods goods(exchange, words);
            co_return co_await known(ask(goods, std::move(context)));
        };
    };
    return {
        {path + " place", success, true,
         with([](HttpGoods& g, CallContext c) { return g.place(goods_request(), std::move(c)); }), section6_traits},
        {path + " undo", success, true, with([](HttpGoods& g, CallContext c) { return g.undo("x_1", std::move(c)); }),
         section6_traits},
    };
}

std::vector<OneCall> every_call() {
    std::vector<OneCall> all = calls_of_payments();
    for (auto& one : calls_of_goods(inventory_words)) all.push_back(std::move(one));
    for (auto& one : calls_of_goods(shipping_words)) all.push_back(std::move(one));
    return all;
}

Result<void> outcome(const OneCall& call, Ask ask, Result<OutboundReply> answer) {
    SameAnswer exchange;
    exchange.answer = std::move(answer);
    VirtualTime time;
    return time.run(call.make(exchange, test::call("key-1", time.steady() + 10s, ask)));
}

Result<void> outcome(const OneCall& call, Ask ask, int status, std::string body = "") {
    return outcome(call, ask, OutboundReply{.status = status, .body = std::move(body), .retry_after = {}});
}

/// What an answer lets one believe, in one word.
std::string belief(const Result<void>& outcome) {
    if (outcome) return "done";
    if (outcome.error().code == Code::never_arrived) return "not found";
    switch (outcome.error().execution) {
        case Execution::not_executed:
            return "not executed";
        case Execution::refused:
            return "refused";
        case Execution::unknown:
            return "unknown";
    }
    return "";
}

const std::string in_use = R"({"error":"idempotency_key_in_use"})";
const std::string declined = R"({"error":"card_declined"})";

}  // namespace

TEST_CASE("a call that is answered is believed as far as its status goes, whichever call it is") {
    for (const OneCall& one : every_call()) {
        INFO(one.title);
        CHECK(belief(outcome(one, Ask::perform, 200, one.success)) == "done");
        CHECK(belief(outcome(one, Ask::perform, 201, one.success)) == "done");
        for (const int no : {400, 401, 403, 404, 405, 410, 413, 422, 451}) {
            CHECK(belief(outcome(one, Ask::perform, no)) == "refused");
        }
        CHECK(belief(outcome(one, Ask::perform, 402, declined)) == "refused");
        CHECK(belief(outcome(one, Ask::perform, 409, R"({"error":"already_done"})")) == "refused");
        for (const int later : {425, 429}) CHECK(belief(outcome(one, Ask::perform, later)) == "not executed");
        CHECK(belief(outcome(one, Ask::perform, 409, in_use)) == "unknown");
        for (const int unclear : {202, 206, 301, 302, 307, 308, 408, 409, 500, 501, 502, 503, 504, 599, 600}) {
            INFO(unclear);
            CHECK(belief(outcome(one, Ask::perform, unclear, unclear == 409 ? "" : one.success)) == "unknown");
        }
        for (const std::string garbage : {"<html>", "[]", "{", "null", "{}", R"({"status":"pending"})"}) {
            if (garbage.starts_with("{") && garbage.ends_with("}") && one.title.ends_with("undo"))
                continue;  // nothing is asked
            CHECK(belief(outcome(one, Ask::perform, 200, garbage)) == "unknown");
        }
    }
}

TEST_CASE("a call that did not come through is believed as far as it is known what was sent") {
    for (const OneCall& one : every_call()) {
        INFO(one.title);
        CHECK(belief(outcome(one, Ask::perform, fail(Code::network_error, "refused"))) == "not executed");
        CHECK(belief(outcome(one, Ask::perform, fail(Code::gateway_timeout, "cut"))) == "unknown");
        CHECK(belief(outcome(one, Ask::perform, fail(Code::unreadable_answer, "no HTTP"))) == "unknown");
    }
}

TEST_CASE("a look-up tells what became of the operation, that it is not known, or nothing at all") {
    for (const OneCall& one : every_call()) {
        INFO(one.title);
        CHECK(belief(outcome(one, Ask::look_up, 200, one.success)) == "done");
        CHECK(belief(outcome(one, Ask::look_up, 404)) == "not found");
        CHECK(belief(outcome(one, Ask::look_up, 404, "<html>")) == "not found");
        CHECK(belief(outcome(one, Ask::look_up, 402, declined)) == "refused");
        CHECK(belief(outcome(one, Ask::look_up, 422)) == "refused");
        CHECK(belief(outcome(one, Ask::look_up, 409, in_use)) == "unknown");
        for (const int itself : {202, 302, 401, 403, 405, 408, 409, 410, 425, 429, 451, 500, 502, 503, 504}) {
            INFO(itself);
            CHECK(belief(outcome(one, Ask::look_up, itself)) == "unknown");
        }
        CHECK(belief(outcome(one, Ask::look_up, 200, "<html>")) == "unknown");
        for (const Code code : {Code::network_error, Code::gateway_timeout, Code::unreadable_answer}) {
            CHECK(belief(outcome(one, Ask::look_up, fail(code, "on its way"))) == "unknown");
        }
    }
}

TEST_CASE("goods name two refusals that payments do not know, and both are refusals to either way of asking") {
    for (const OneCall& one : every_call()) {
        INFO(one.title);
        for (const Ask ask : {Ask::perform, Ask::look_up}) {
            const auto stock = outcome(one, ask, 409, R"({"error":"out_of_stock"})");
            CHECK(belief(stock) == "refused");
            CHECK((stock.error().code == Code::out_of_stock) == one.goods);
            CHECK((outcome(one, ask, 409, R"({"error":"cannot_ship"})").error().code == Code::cannot_ship) == one.goods);
        }
    }
}

TEST_CASE("a call carries the key it was given, and a look-up asks for it and changes nothing") {
    for (const OneCall& one : every_call()) {
        INFO(one.title);
        SameAnswer exchange;
        exchange.answer = OutboundReply{.status = 200, .body = one.success, .retry_after = {}};
        VirtualTime time;
        const SteadyTime deadline = time.steady() + 7s;
        REQUIRE(time.run(one.make(exchange, test::call("key-1", deadline))));
        REQUIRE(time.run(one.make(exchange, test::call("key-1", deadline, Ask::look_up))));
        REQUIRE(exchange.asked.size() == 2);
        CHECK(exchange.asked[0].method == "POST");
        CHECK(exchange.asked[0].idempotency_key == "key-1");
        CHECK(exchange.asked[1].method == "GET");
        CHECK(exchange.asked[1].path == "/v1/operations/key-1");
        CHECK(exchange.asked[1].body.empty());
        for (const auto& asked : exchange.asked) CHECK(asked.deadline == deadline);
    }
}

TEST_CASE("the promises of an adapter leave time to send a call again, and to find out that it never had an effect") {
    for (const OneCall& one : every_call()) {
        INFO(one.title);
        const auto slack = clock_tolerance(one.traits);
        CHECK(one.traits.longest_delay + slack < one.traits.key_window - one.traits.longest_delay - slack);
    }
}
