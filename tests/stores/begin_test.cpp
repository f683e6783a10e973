#include <catch2/catch.hpp>

#include "store_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;

namespace {

const Answer created{201, "{\"id\":\"ch_a\",\"note\":\"\xc3\xbc\\u0000\"}"};

/// Begun, and ended with a retriable failure: the key is free again.
void begin_and_free(Bench& bench, const std::string& key) {
    const Begun begun = bench.begin(begin_of(key)).value();
    Transition end = step_of(begun.row, "refused", noon);
    end.status = ChargeStatus::declined;
    end.live = false;
    end.due_at.reset();
    end.frees_key = true;
    REQUIRE(bench.advance(end));
}

}  // namespace

TEST_CASE("a new key is begun once, and its row is what was asked for") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    REQUIRE(begun.kind == Kind::fresh);

    const ChargeRow kept = bench.find(id_of("a")).value();
    for (const ChargeRow& row : {begun.row, kept}) {
        CHECK(row.id == id_of("a"));
        CHECK(row.tenant == "shop");
        CHECK(row.idempotency_key == "a");
        CHECK(row.fingerprint == "payload of a");
        CHECK(row.order_id == "order of a");
        CHECK(row.amount == 4999);
        CHECK(row.currency == "USD");
        CHECK(row.status == ChargeStatus::processing);
        CHECK(row.live);
        CHECK(row.state == "reserve intended");
        CHECK(row.created_at == noon);
        CHECK(row.begun_at == noon);
        CHECK(row.attempt == 1);
        CHECK(row.fence == 1);
        CHECK(row.lease_until == noon + std::chrono::seconds(30));
        CHECK(row.due_at == noon);
        CHECK_FALSE(row.answer);
        CHECK_FALSE(row.key_free);
    }
    CHECK_FALSE(bench.find(id_of("b")));
}

TEST_CASE("a key whose charge is running is in flight") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)bench.begin(begin_of("a"));
    const Begun again = bench.begin(begin_of("a", noon + std::chrono::seconds(1))).value();
    CHECK(again.kind == Kind::in_flight);
    CHECK(again.row.fence == 1);
    CHECK(again.row.created_at == noon);
}

TEST_CASE("another payload under a known key is refused and changes nothing") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)bench.begin(begin_of("a"));
    BeginCharge other = begin_of("a", noon + std::chrono::hours(1));  // the lease has run out, too
    other.row.fingerprint = "payload of somebody else";
    CHECK(bench.begin(other).value().kind == Kind::reused);
    CHECK(bench.find(id_of("a"))->fence == 1);
    CHECK(bench.find(id_of("a"))->fingerprint == "payload of a");
}

TEST_CASE("a kept answer is replayed byte for byte") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    Answer answer = created;
    answer.body.push_back('\0');
    answer.body += "\r\n after a zero byte";
    const Begun begun = bench.begin(begin_of("a")).value();
    REQUIRE(bench.advance(end_of(begun.row, answer)));
    const Begun replay = bench.begin(begin_of("a", noon + std::chrono::hours(23))).value();
    REQUIRE(replay.kind == Kind::replay);
    CHECK(replay.row.answer == answer);
    CHECK(replay.row.status == ChargeStatus::succeeded);
}

TEST_CASE("an answer once kept stays, whatever a later transition says") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    REQUIRE(bench.advance(end_of(begun.row, created)));
    REQUIRE(bench.advance(end_of(begun.row, Answer{500, "another"})));
    REQUIRE(bench.advance(step_of(begun.row, "a refund is under way")));
    CHECK(bench.find(id_of("a"))->state == "a refund is under way");
    CHECK(bench.begin(begin_of("a")).value().row.answer == created);
}

TEST_CASE("an answer that has outlived its time is not told, and the key stays blocked") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    REQUIRE(bench.advance(end_of(begun.row, created)));
    const Begun later = bench.begin(begin_of("a", noon + std::chrono::hours(24))).value();
    CHECK(later.kind == Kind::settled);
    CHECK(later.row.status == ChargeStatus::succeeded);
    CHECK_FALSE(later.row.answer);
}

TEST_CASE("a freed key begins its next attempt under a higher fence and keeps its birth") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_and_free(bench, "a");
    CHECK(bench.find(id_of("a"))->key_free);

    const WallTime later = noon + std::chrono::minutes(5);
    BeginCharge again = begin_of("a", later);
    again.row.fingerprint = "a corrected payload";
    again.row.amount = 5000;
    again.row.state = "reserve intended again";
    const Begun begun = bench.begin(again).value();
    REQUIRE(begun.kind == Kind::fresh);
    for (const ChargeRow& row : {begun.row, bench.find(id_of("a")).value()}) {
        CHECK(row.attempt == 2);
        CHECK(row.fence == 2);
        CHECK(row.created_at == noon);
        CHECK(row.begun_at == later);
        CHECK(row.amount == 5000);
        CHECK(row.fingerprint == "a corrected payload");
        CHECK(row.state == "reserve intended again");
        CHECK(row.status == ChargeStatus::processing);
        CHECK(row.live);
        CHECK_FALSE(row.key_free);
    }
    CHECK(bench.begin(begin_of("a", later)).value().kind == Kind::reused);
}

TEST_CASE("a retriable failure keeps no answer") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition end = end_of(begun.row, Answer{502, "try again"});
    end.frees_key = true;
    REQUIRE(bench.advance(end));
    CHECK_FALSE(bench.find(id_of("a"))->answer);
    CHECK(bench.begin(begin_of("a")).value().kind == Kind::fresh);
}

TEST_CASE("a second charge of a living order is refused and names the first") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)bench.begin(begin_of("a"));
    BeginCharge second = begin_of("b", noon + std::chrono::hours(1));
    second.row.order_id = "order of a";
    const Begun refused = bench.begin(second).value();
    CHECK(refused.kind == Kind::duplicate);
    CHECK(refused.row.id == id_of("a"));
    CHECK_FALSE(bench.find(id_of("b")));

    SECTION("unless the client insists") {
        second.allow_duplicate = true;
        CHECK(bench.begin(second).value().kind == Kind::fresh);
    }
    SECTION("unless the look-out is off") {
        second.duplicates_window = Milliseconds(0);
        CHECK(bench.begin(second).value().kind == Kind::fresh);
    }
    SECTION("unless the first is older than the window") {
        second.now = noon + std::chrono::hours(24);
        CHECK(bench.begin(second).value().kind == Kind::fresh);
    }
    SECTION("unless the amount, the currency or the tenant differs") {
        BeginCharge amount = second;
        amount.row.amount += 1;
        CHECK(bench.begin(amount).value().kind == Kind::fresh);
        BeginCharge currency = begin_of("c", noon + std::chrono::hours(1));
        currency.row.order_id = "order of a";
        currency.row.currency = "EUR";
        CHECK(bench.begin(currency).value().kind == Kind::fresh);
        BeginCharge tenant = begin_of("d", noon + std::chrono::hours(1));
        tenant.row.order_id = "order of a";
        tenant.row.id = id_of("d", "another shop");
        tenant.row.tenant = "another shop";
        CHECK(bench.begin(tenant).value().kind == Kind::fresh);
    }
    SECTION("unless the first lives no more") {
        Transition end = end_of(bench.find(id_of("a")).value(), created);
        end.live = false;
        REQUIRE(bench.advance(end));
        CHECK(bench.begin(second).value().kind == Kind::fresh);
    }
}

TEST_CASE("a freed key is no duplicate of itself, but of another living charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_and_free(bench, "a");
    BeginCharge other = begin_of("b");
    other.row.order_id = "order of a";
    REQUIRE(bench.begin(other).value().kind == Kind::fresh);
    const Begun again = bench.begin(begin_of("a")).value();
    CHECK(again.kind == Kind::duplicate);
    CHECK(again.row.id == id_of("b"));
    CHECK(bench.find(id_of("a"))->key_free);
}

TEST_CASE("a charge begun again under an old key is young to the next charge of its order") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_and_free(bench, "a");
    const BeginCharge first = begin_of("a");
    BeginCharge later = first;
    later.now = first.now + first.duplicates_window + std::chrono::hours(1);
    later.row.lease_until = later.now + std::chrono::seconds(30);
    REQUIRE(bench.begin(later).value().kind == Kind::fresh);
    BeginCharge other = begin_of("b");
    other.row.order_id = "order of a";
    other.now = later.now + std::chrono::seconds(1);
    CHECK(bench.begin(other).value().kind == Kind::duplicate);
}

TEST_CASE("admission turns away new and freed keys and leaves no trace") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    BeginCharge begin = begin_of("a");
    begin.admission.refusal = PaymentError(Code::circuit_open, "the gateway rests");
    const Begun refused = bench.begin(begin).value();
    CHECK(refused.kind == Kind::refused);
    CHECK(refused.error->code == Code::circuit_open);
    CHECK_FALSE(bench.find(id_of("a")));

    begin_and_free(bench, "a");
    CHECK(bench.begin(begin).value().kind == Kind::refused);
    CHECK(bench.find(id_of("a"))->attempt == 1);
}

TEST_CASE("a known key is answered whatever admission says") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    BeginCharge again = begin_of("a");
    again.admission.refusal = PaymentError(Code::circuit_open, "the gateway rests");
    CHECK(bench.begin(again).value().kind == Kind::in_flight);

    BeginCharge late = begin_of("a", noon + std::chrono::minutes(1));
    late.admission.refusal = again.admission.refusal;
    CHECK(bench.begin(late).value().kind == Kind::taken_over);

    REQUIRE(bench.advance(end_of(bench.find(id_of("a")).value(), created)));
    CHECK(bench.begin(again).value().kind == Kind::replay);
    again.row.fingerprint = "another";
    CHECK(bench.begin(again).value().kind == Kind::reused);
}

TEST_CASE("a customer's allowance is used by what is begun, and by nothing else") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const auto begin = [&bench](const std::string& key, const std::string& who, WallTime now = noon) {
        BeginCharge asked = begin_of(key, now);
        asked.admission.limit_key = who;
        asked.admission.limit = GcraPolicy{.requests = 2, .per = std::chrono::minutes(1), .burst = 2};
        return bench.begin(asked).value();
    };
    const Begun first = begin("a", "shop/ann");
    CHECK(first.kind == Kind::fresh);
    REQUIRE(first.limit);
    CHECK(first.limit->remaining == 1);
    CHECK(begin("a", "shop/ann").kind == Kind::in_flight);  // a repetition is free
    CHECK(begin("b", "shop/ann").kind == Kind::fresh);

    const Begun refused = begin("c", "shop/ann");
    CHECK(refused.kind == Kind::refused);
    CHECK(refused.error->code == Code::rate_limited);
    CHECK(refused.error->retry_after == std::chrono::seconds(30));
    CHECK_FALSE(refused.limit->allowed);
    CHECK_FALSE(bench.find(id_of("c")));

    CHECK(begin("d", "shop/bob").kind == Kind::fresh);
    CHECK(begin("c", "shop/ann", noon + std::chrono::seconds(30)).kind == Kind::fresh);
}

TEST_CASE("a duplicate or a refusal does not use the customer's allowance") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)bench.begin(begin_of("a"));
    BeginCharge asked = begin_of("b");
    asked.row.order_id = "order of a";
    asked.admission.limit_key = "shop/ann";
    asked.admission.limit = GcraPolicy{.requests = 1, .per = std::chrono::minutes(1), .burst = 1};
    CHECK(bench.begin(asked).value().kind == Kind::duplicate);
    asked.admission.refusal = PaymentError(Code::overloaded, "later");
    CHECK(bench.begin(asked).value().kind == Kind::refused);
    asked.admission.refusal.reset();
    asked.allow_duplicate = true;
    CHECK(bench.begin(asked).value().kind == Kind::fresh);
}
