// What a checkout does when the gateway tells something unasked.
#include <utility>

#include "payments/checkout.hpp"

namespace tollgate {
namespace {

NewsOutcome too_soon(std::string why, std::string charge_id) {
    return {NewsOutcome::Kind::too_soon, std::move(why), std::move(charge_id)};
}

NewsOutcome busy(std::string charge_id) {
    return {NewsOutcome::Kind::busy, "somebody works on the charge", std::move(charge_id)};
}

NewsOutcome outcome_of(Heard heard, std::string charge_id) {
    return {heard.kind, std::move(heard.why), std::move(charge_id)};
}

NewsOutcome unreadable(const PaymentError& error, std::string charge_id) {
    return {NewsOutcome::Kind::conflict, error.detail, std::move(charge_id)};
}

}  // namespace

/// By the reference, or by what the gateway calls its payments; empty when neither leads to a charge.
Task<Result<std::string>> Checkout::charge_of(const GatewayNews& news) {
    if (!news.reference.empty()) co_return news.reference;
    for (const std::string* id : {&news.capture_id, &news.authorization_id, &news.refund_id, &news.dispute_id}) {
        if (id->empty()) continue;
        auto found = co_await context_.store.charge_of(*id);
        if (!found) co_return fail(std::move(found.error()));
        if (*found) co_return std::move(**found);
    }
    co_return std::string();
}

Task<Result<NewsOutcome>> Checkout::hear(GatewayNews news) {
    auto id = co_await charge_of(news);
    if (!id) co_return fail(std::move(id.error()));
    if (id->empty()) co_return too_soon("no charge here has these ids", {});
    auto row = co_await context_.store.find(*id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return too_soon("there is no charge with this reference", std::move(*id));
    auto charge = from_state(**row);
    if (!charge) co_return unreadable(charge.error(), std::move(*id));

    // Most tell what is known; only what changes the charge needs to own it.
    Heard heard = tollgate::hear(*charge, news, context_.runtime.clock.wall(), context_.screen.judges_authorizations());
    if (heard.kind != NewsOutcome::Kind::applied) co_return outcome_of(std::move(heard), std::move(*id));
    const WallTime now = context_.runtime.clock.wall();
    auto taken = co_await context_.store.take(*id, now, now + context_.policy.settle.lease, Reach::any);
    if (!taken) co_return fail(std::move(taken.error()));
    if (taken->kind != Taken::Kind::taken) co_return busy(std::move(*id));
    co_return co_await apply(std::move(taken->row), std::move(news));
}

/// The row is ours now, and may be another than the one that was looked at before.
Task<Result<NewsOutcome>> Checkout::apply(ChargeRow row, GatewayNews news) {
    auto charge = from_state(row);
    if (!charge) co_return unreadable(charge.error(), row.id);
    Heard heard = tollgate::hear(*charge, news, context_.runtime.clock.wall(), context_.screen.judges_authorizations());
    if (heard.kind != NewsOutcome::Kind::applied || row.key_free) {
        NewsOutcome outcome = outcome_of(std::move(heard), row.id);
        if (outcome.kind == NewsOutcome::Kind::applied) outcome.kind = NewsOutcome::Kind::conflict;
        const auto due_at = row.due_at;
        [[maybe_unused]] const auto written = co_await give_back(std::move(row), due_at);
        co_return outcome;
    }
    const auto due_at = row.due_at;
    NewsOutcome outcome = outcome_of(heard, row.id);
    charge->actor.who = "gateway";
    remember(*charge, {.at = context_.runtime.clock.wall(),
                       .who = "gateway",
                       .what = "news",
                       .outcome = std::string(name(news.kind)) + (news.amount ? " " + to_string(*news.amount) : "")});
    ChargeSaga saga(context_, std::move(*charge), row.fence, false, row.lease_until);
    const auto end = co_await saga.note(std::move(heard), due_at);
    if (end == ChargeSaga::End::abandoned) {
        if (saga.error().code == Code::lease_lost) co_return busy(std::move(outcome.charge_id));
        co_return fail(saga.error());
    }
    if (!end) spawn(context_.runtime.executor, run_alone(std::move(saga), context_.runtime.clock.steady()));
    co_return outcome;
}

}  // namespace tollgate
