#include <catch2/catch.hpp>

#include "pipeline/audited.hpp"
#include "pipeline/circuit_breaker.hpp"
#include "pipeline/idempotent.hpp"
#include "pipeline/rate_limit.hpp"
#include "pipeline/timed.hpp"
#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

struct Command {
    BeginCharge begin;
    std::string customer = "cus_1";
};

struct Reply {
    Answer answer;
};

/// Stands for the checkout: it notes what it was asked to run and what to present.
struct Checkout {
    std::vector<std::string> notes;

    Task<Result<Reply>> operator()(Command, Begun begun) {
        notes.push_back("ran " + begun.row.id);
        co_return Reply{{201, "created"}};
    }
    Result<Reply> present(const Command&, const Begun& begun) {
        notes.push_back("presented " + begun.row.id);
        return Reply{*begun.row.answer};
    }
};

struct Fixture {
    test::VirtualTime time;
    test::ScriptedStore store;
    test::NotedMeter meter;
    test::NotedAudit audit;
    Breakers breakers{{.failure_threshold = 1, .recovery_timeout = 30s, .success_threshold = 1}};
    Checkout checkout;
    std::optional<GcraPolicy> per_customer = GcraPolicy{.requests = 100, .per = 1min, .burst = 5};

    Fixture() { store.next = begun(Begun::Kind::fresh); }

    static Begun begun(Begun::Kind kind) {
        Begun result;
        result.kind = kind;
        result.row.id = "ch_1";
        result.row.answer = Answer{201, "kept"};
        return result;
    }

    Result<Reply> charge() {
        const auto describe = [](const Command& command) {
            AuditRecord record;
            record.who = "tenant";
            record.what = "charge.create";
            record.charge_id = command.begin.row.id;
            return record;
        };
        const auto customer = [](const Command& command) { return "tenant/" + command.customer; };
        const Runtime& runtime = time.runtime();
        auto stack = timed(meter, "charge_duration", runtime) | audited(audit, describe, runtime) |
                     idempotent(store, 24h, 1h, runtime) | circuit_breaker(breakers, "gateway.authorize", runtime) |
                     rate_limit(per_customer, customer) | std::ref(checkout);
        Command command;
        command.begin.row.id = "ch_1";
        return time.run(stack(std::move(command)));
    }

    void trip() {
        auto& breaker = breakers.at("gateway.authorize");
        breaker.record(breaker.admit(time.steady()).value(), CallVerdict::failure, time.steady());
    }
};

}  // namespace

TEST_CASE("a charge that is begun afresh or taken over is run, once, after one store transition") {
    for (const auto kind : {Begun::Kind::fresh, Begun::Kind::taken_over}) {
        Fixture f;
        f.store.next = Fixture::begun(kind);
        const auto reply = f.charge();
        REQUIRE(reply);
        CHECK(reply->answer.body == "created");
        CHECK(f.checkout.notes == std::vector<std::string>{"ran ch_1"});
        CHECK(f.store.asked.size() == 1);
    }
}

TEST_CASE("a replayed, settled or running charge, and an earlier one of the same order, is presented and not run") {
    for (const auto kind : {Begun::Kind::replay, Begun::Kind::settled, Begun::Kind::in_flight, Begun::Kind::duplicate}) {
        Fixture f;
        f.store.next = Fixture::begun(kind);
        const auto reply = f.charge();
        REQUIRE(reply);
        CHECK(reply->answer.body == "kept");
        CHECK(f.checkout.notes == std::vector<std::string>{"presented ch_1"});
    }
}

TEST_CASE("a key that came with another payload is refused") {
    Fixture f;
    f.store.next = Fixture::begun(Begun::Kind::reused);
    CHECK(f.charge().error().code == Code::idempotency_key_reused);
    CHECK(f.checkout.notes.empty());
}

TEST_CASE("a refused admission and a silent store end in their own errors") {
    Fixture f;
    Begun refused = Fixture::begun(Begun::Kind::refused);
    refused.error = PaymentError(Code::rate_limited, "100 a minute", 600ms);
    f.store.next = refused;
    const auto limited = f.charge();
    CHECK(limited.error().code == Code::rate_limited);
    CHECK(limited.error().retry_after == 600ms);

    f.store.next = fail(Code::store_unavailable, "disk full");
    CHECK(f.charge().error().code == Code::store_unavailable);
    CHECK(f.checkout.notes.empty());
}

TEST_CASE("what the layers ask of the store travels in the same transition") {
    Fixture f;
    REQUIRE(f.charge());
    const BeginCharge& asked = f.store.asked.at(0);
    CHECK(asked.answer_ttl == 24h);
    CHECK(asked.duplicates_window == 1h);
    CHECK(asked.now == f.time.wall());
    CHECK_FALSE(asked.admission.refusal);
    CHECK(asked.admission.limit_key == "tenant/cus_1");
    CHECK(asked.admission.limit == GcraPolicy{.requests = 100, .per = 1min, .burst = 5});
}

TEST_CASE("without a policy nothing is counted") {
    Fixture f;
    f.per_customer.reset();
    REQUIRE(f.charge());
    CHECK_FALSE(f.store.asked.at(0).admission.limit);
}

TEST_CASE("an open breaker refuses the admission of new charges, while the store still answers known keys") {
    Fixture f;
    f.trip();
    f.store.next = Fixture::begun(Begun::Kind::replay);
    CHECK(f.charge().has_value());
    const auto& refusal = f.store.asked.at(0).admission.refusal;
    REQUIRE(refusal);
    CHECK(refusal->code == Code::circuit_open);
    CHECK(refusal->retry_after == 30s);
}

TEST_CASE("charges that are admitted leave a recovering breaker its probes") {
    Fixture f;
    f.trip();
    f.time.advance(30s);
    for (int i = 0; i < 3; ++i) {
        CHECK(f.charge().has_value());
        CHECK_FALSE(f.store.asked.back().admission.refusal);
    }
    CHECK(f.breakers.at("gateway.authorize").admit(f.time.steady()).has_value());
}

TEST_CASE("a charge taken over runs on although the breaker is open") {
    Fixture f;
    f.trip();
    f.store.next = Fixture::begun(Begun::Kind::taken_over);
    CHECK(f.charge().has_value());
    CHECK(f.checkout.notes == std::vector<std::string>{"ran ch_1"});
}

TEST_CASE("every charge is written down before it is tried and with its outcome after, and is measured") {
    Fixture f;
    REQUIRE(f.charge());
    f.store.next = Fixture::begun(Begun::Kind::reused);
    CHECK_FALSE(f.charge().has_value());

    REQUIRE(f.audit.records.size() == 4);
    CHECK(f.audit.records[0].outcome == "attempt");
    CHECK(f.audit.records[1].outcome == "201");
    CHECK(f.audit.records[2].outcome == "attempt");
    CHECK(f.audit.records[3].outcome == "idempotency_key_reused");
    for (const auto& record : f.audit.records) {
        CHECK(record.who == "tenant");
        CHECK(record.what == "charge.create");
        CHECK(record.charge_id == "ch_1");
        CHECK(record.at == f.time.wall());
    }
    CHECK(f.meter.notes == std::vector<std::string>{"charge_duration 201 0", "charge_duration idempotency_key_reused 0"});
}
