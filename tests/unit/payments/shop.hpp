#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "outside_world.hpp"
#include "payments/checkout.hpp"
#include "payments/keys.hpp"
#include "payments/request.hpp"
#include "saga/recovery.hpp"
#include "support/memory_store.hpp"
#include "support/noted_audit.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::test {

using namespace std::chrono_literals;

class RecordingPager final : public Pager {
public:
    struct Call {
        std::string kind;
        std::string charge_id;
        std::string detail;
    };
    std::vector<Call> pages;
    std::vector<std::string> warnings;

    void warn(std::string /*charge_id*/, std::string detail) override { warnings.push_back(std::move(detail)); }
    void page(Page page) override { pages.push_back({std::string(page.kind), page.charge_id, page.detail}); }

    [[nodiscard]] std::vector<std::string> kinds() const {
        std::vector<std::string> kinds;
        for (const Call& call : pages) kinds.push_back(call.kind);
        return kinds;
    }
};

inline ChargeRequest an_order() {
    return {.order_id = "ord_123",
            .amount = {4999, *Currency::from_code("USD")},
            .payment_method = "tok_visa",
            .customer = {"cus_1", "ann@example.com", "US"},
            .items = {{"SKU-1", 1}},
            .manual_capture = false,
            .allow_duplicate = false,
            .metadata = {{"cart", "c_9"}}};
}

/// A checkout with everything around it, in a world with virtual time. What the process would lose in a crash is made anew
/// for each run; store and outside world stay.
class Shop {
public:
    Shop() = default;
    ~Shop() { time_.reset(); }  // the frames of who still sleeps go first: they use what is below
    Shop(const Shop&) = delete;
    Shop& operator=(const Shop&) = delete;

private:
    std::unique_ptr<VirtualTime> time_ = std::make_unique<VirtualTime>();

public:
    VirtualTime& time = *time_;
    MemoryStore store;
    RecordingPager pager;
    NotedAudit audit;
    fraud::Screen screen;
    HandOver hand_over;
    OutsideWorld world{time.runtime()};
    OutsideCalls services = world.services();
    SagaPolicy policy;
    Milliseconds charge_timeout{30'000};
    Milliseconds answer_ttl{0};
    std::string key = "key-1";
    ChargeRequest request = an_order();

    /// After a change of the world's traits.
    void rewire() { services = world.services(); }

    [[nodiscard]] std::string id() const { return charge_id("default", key); }
    [[nodiscard]] SagaContext context() { return {time.runtime(), store, audit, services, screen, pager, hand_over, policy}; }
    [[nodiscard]] Checkout checkout() { return {context(), charge_timeout}; }

    [[nodiscard]] ChargeCommand command() {
        Charge charge(request);
        charge.tenant = "default";
        charge.idempotency_key = key;
        charge.request_id = "req-1";
        charge.gateway_name = "sandbox";
        return make_charge_command(std::move(charge), "fingerprint", time.wall(), policy.settle);
    }

    /// POST /charge, as the idempotent layer would have it.
    Result<ChargeAnswer> post() { return time.run(post_task(checkout())); }

    Task<Result<ChargeAnswer>> post_task(Checkout out) {
        auto asked = command();
        asked.begin.answer_ttl = answer_ttl;
        auto begun = co_await store.begin(asked.begin);
        if (!begun) co_return fail(begun.error());
        using Kind = Begun::Kind;
        const bool ours = begun->kind == Kind::fresh || begun->kind == Kind::taken_over;
        if (ours) co_return co_await out(std::move(asked), *std::move(begun));
        const bool known = begun->kind == Kind::replay || begun->kind == Kind::settled || begun->kind == Kind::in_flight;
        if (known) co_return out.present(asked, *begun);
        co_return fail(begun->error.value_or(PaymentError(Code::internal, "not for this test")));
    }

    /// Begins the charge and leaves it to the caller to run its saga.
    ChargeSaga begin_saga() {
        auto asked = command();
        const auto begun = time.run(store.begin(asked.begin));
        REQUIRE(begun);
        REQUIRE(begun->kind == Begun::Kind::fresh);
        asked.charge.attempt = begun->row.attempt;
        return {context(), std::move(asked.charge), begun->row.fence, false, begun->row.lease_until};
    }

    ChargeSaga::End run(ChargeSaga& saga, Milliseconds patience = 30s) { return time.run(saga.run(time.steady() + patience)); }

    [[nodiscard]] const ChargeRow& row() const { return store.row(id()); }
    [[nodiscard]] Charge charge() const {
        auto charge = from_state(row());
        REQUIRE(charge);
        return *std::move(charge);
    }
    [[nodiscard]] std::string status() const { return std::string(name(row().status)); }

    /// One claim, and the work it brings. Whether anything was due.
    bool recover_once() {
        const auto rows = time.run(store.claim(time.wall(), time.wall() + policy.settle.lease, 10));
        for (const ChargeRow& due : *rows) time.run(checkout().resume(due));
        return !rows->empty();
    }

    /// What a recovery worker does, for at most so long: waits until the charge is due and free, and takes it up.
    void recover(std::chrono::steady_clock::duration at_most = 2h) {
        const SteadyTime end = time.steady() + at_most;
        while (store.knows(id()) && row().due_at) {
            const WallTime claimable = std::max(*row().due_at, row().lease_until);
            const auto wait = std::max(claimable - time.wall(), Milliseconds(0));
            if (time.steady() + wait > end) break;
            time.advance(wait);
            recover_once();
        }
    }
};

}  // namespace tollgate::test
