#include "gateways/conformance_kit.hpp"

#include <ostream>

namespace tollgate::test {

std::ostream& operator<<(std::ostream& out, const Truth& truth) {
    return out << truth.payments << " payments, held " << truth.held << ", captured " << truth.captured << ", refunded "
               << truth.refunded << " in " << truth.refunds;
}

Money money(std::int64_t minor, std::string_view currency) {
    return {minor, *Currency::from_code(currency)};
}

AuthorizeRequest payment(const std::string& method, std::int64_t amount, const std::string& reference) {
    return {.reference = reference,
            .order_id = "ord_1",
            .amount = money(amount),
            .payment_method = method,
            .customer = {"cus_1", "ann@example.com", "US"}};
}

std::string Stage::authorized(std::int64_t amount, const std::string& reference) {
    const auto outcome = authorize(payment(kind_.methods.good, amount, reference), "authorize-" + reference);
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->authorized.has_value());
    return outcome->authorized->id;
}

std::string Stage::captured(std::int64_t amount, const std::string& reference) {
    const std::string id = authorized(amount, reference);
    const auto outcome = capture({reference, id, money(amount)}, "capture-" + reference);
    REQUIRE(outcome.has_value());
    return *outcome;
}

void Stage::sleep(std::chrono::steady_clock::duration span) {
    time.run([](const Runtime& runtime, std::chrono::steady_clock::duration how_long) -> Task<bool> {
        co_await sleep_for(runtime, how_long);
        co_return true;
    }(time.runtime(), span));
}

namespace {

Result<std::string> id_of(Result<AuthorizeOutcome> outcome) {
    if (!outcome) return fail(std::move(outcome.error()));
    if (outcome->authorized) return outcome->authorized->id;
    return "waits for its customer: " + outcome->waiting_id;
}

}  // namespace

PreparedStep prepare(Stage& stage, const std::string& step) {
    constexpr std::int64_t all = 4999;
    const Truth nothing;
    const Truth held{.payments = 1, .held = all};
    const Truth paid{.payments = 1, .captured = all};
    if (step == "authorize") {
        const auto request = payment(stage.kind().methods.good);
        return {"authorize", [&stage, request](Ask ask) { return id_of(stage.authorize(request, "key-1", ask)); }, nothing,
                held};
    }
    if (step == "continue") {
        auto request = payment(stage.kind().methods.authenticates);
        const auto first = stage.authorize(request, "key-0");
        REQUIRE(first.has_value());
        REQUIRE_FALSE(first->redirect_url.empty());
        request.continues = first->waiting_id;
        stage.world().customer_returns(first->waiting_id, true, stage.time.wall());
        return {"authorize", [&stage, request](Ask ask) { return id_of(stage.authorize(request, "key-1", ask)); }, nothing,
                held};
    }
    if (step == "refund") {
        const RefundRequest request{"ch_1", stage.captured(), money(1999), "the shop's own words"};
        return {"refund", [&stage, request](Ask ask) { return stage.refund(request, "key-1", ask); }, paid,
                Truth{.payments = 1, .captured = all, .refunded = 1999, .refunds = 1}};
    }
    const std::string id = stage.authorized();
    if (step == "void") {
        return {"void", [&stage, id](Ask ask) { return stage.undo({"ch_1", id}, "key-1", ask); }, held, nothing, false};
    }
    return {"capture", [&stage, id](Ask ask) { return stage.capture({"ch_1", id, money(3999)}, "key-1", ask); }, held,
            Truth{.payments = 1, .captured = 3999}};
}

}  // namespace tollgate::test
