// What needs a human is told of each kind by itself: what goes wrong with one costs none of the others.
#include "service/handlers/admin_attention.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "payments/charge.hpp"
#include "payments/keys.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// A store of which one look fails and another one is never answered.
class Moody final : public MemoryStore {
public:
    explicit Moody(const Runtime& runtime) : runtime_(runtime) {}
    bool surveys_fail = false;
    bool expiring_hangs = false;
    bool census_hangs = false;

    Task<Result<ChargePage>> survey(SurveyQuery query) override {
        if (surveys_fail) co_return fail(Code::store_unavailable, "the store is away");
        co_return co_await MemoryStore::survey(std::move(query));
    }
    Task<Result<std::vector<ChargeRow>>> expiring(WallTime until, std::size_t limit) override {
        if (expiring_hangs) co_await sleep_for(runtime_, 1h);
        co_return co_await MemoryStore::expiring(until, limit);
    }
    Task<Result<Census>> census(WallTime now) override {
        if (census_hangs) co_await sleep_for(runtime_, 1h);
        co_return co_await MemoryStore::census(now);
    }

private:
    const Runtime& runtime_;
};

struct Desk {
    VirtualTime time;
    Moody store{time.runtime()};

    json::object look() {
        const http::Route route = attention_route(
            {time.runtime(), store, store.event_store(), store, store.reconciliation_store(), Milliseconds(2s)});
        http::Request request;
        const http::Response response = time.run(route.handler(request));
        INFO(response.body);
        REQUIRE(response.status == 200);
        return json::parse(response.body).as_object();
    }
    /// A charge whose call was written down so long ago; of its state only this text is kept, if there is one.
    std::string begin(const std::string& name, Milliseconds ago, bool sent, int tries, const std::string& state = "") {
        Charge charge({.order_id = name,
                       .amount = {4999, *Currency::from_code("USD")},
                       .payment_method = "tok_visa",
                       .customer = {"cus_1", "ann@example.com", "US"},
                       .items = {{"SKU-1", 1}}});
        charge.tenant = "anna";
        charge.idempotency_key = name;
        charge.id = charge_id(charge.tenant, name);
        charge.intent = Intent{.step = Step::authorize, .sent = sent, .since = time.wall() - ago, .tries = tries};
        BeginCharge begin;
        begin.row = {
            .id = charge.id, .tenant = "anna", .idempotency_key = name, .order_id = name, .amount = 4999, .currency = "USD"};
        begin.row.state = state.empty() ? to_state(charge) : state;
        begin.now = time.wall();
        REQUIRE(store.charges.begin(begin).kind == Begun::Kind::fresh);
        return charge.id;
    }
    /// So many days ago; each discrepancy is "KIND ACTION".
    void reported(int days_ago, const std::string& report) {
        const auto day = std::chrono::floor<std::chrono::days>(time.wall()) - std::chrono::days(days_ago);
        const auto fence = store.reconciliation.claim_run(day, time.wall(), time.wall() + 1s, {});
        REQUIRE(fence);
        REQUIRE(store.reconciliation.finish_run(day, *fence, report, time.wall()));
    }
};

std::string report_of(int discrepancies, const std::string& kind, const std::string& action, const std::string& more = "") {
    std::string text = R"({"discrepancies":[)";
    for (int i = 0; i < discrepancies; ++i)
        text += (i > 0 ? "," : "") + (R"({"kind":")" + kind) + R"(","action":")" + action + R"("})";
    return text + "]" + more + "}";
}

std::int64_t count(const json::object& told, const std::string& kind) {
    return told.at(kind).at("count").as_int64();
}
bool more(const json::object& told, const std::string& kind) {
    return told.at(kind).at("more").as_bool();
}
std::string error(const json::object& told, const std::string& kind) {
    const json::value* why = told.at(kind).as_object().if_contains("error");
    return why == nullptr ? "" : std::string(why->as_string());
}

}  // namespace

TEST_CASE("a look that fails or is not answered in time says so in its own list, and the others are there") {
    Desk desk;
    desk.reported(1, report_of(1, "missing_gateway", "page"));
    desk.store.surveys_fail = true;
    desk.store.expiring_hangs = true;
    const json::object told = desk.look();
    CHECK(error(told, "needs_attention") == "the store is away");
    CHECK(error(told, "unknown_outcomes") == "the store is away");
    CHECK(error(told, "expiring") == "the store did not answer in time");
    for (const char* kind : {"needs_attention", "unknown_outcomes", "expiring"}) {
        INFO(kind);
        CHECK(count(told, kind) == 0);
        CHECK(more(told, kind));
    }
    CHECK(error(told, "dead_letters").empty());
    CHECK_FALSE(more(told, "dead_letters"));
    CHECK(count(told, "discrepancies") == 1);
    CHECK(desk.time.elapsed() == 2s);
}

TEST_CASE("without a census the lists count what was looked at") {
    Desk desk;
    desk.store.census_hangs = true;
    const json::object told = desk.look();
    CHECK(error(told, "needs_attention").empty());
    CHECK(count(told, "needs_attention") == 0);
    CHECK_FALSE(more(told, "needs_attention"));
    CHECK(desk.time.elapsed() == 2s);
}

TEST_CASE("discrepancies of eight days are told, the newest day first, without those that were mended or are late") {
    Desk desk;
    desk.reported(0, report_of(2, "missing_gateway", "page"));
    desk.reported(1, report_of(3, "missing_internal", "adopt"));
    desk.reported(2, report_of(3, "missing_internal", "replay"));
    desk.reported(3, report_of(3, "late", "none"));
    desk.reported(4, report_of(1, "missing_internal", "left to the service"));
    desk.reported(7, report_of(1, "amount_mismatch", "none"));
    desk.reported(8, report_of(5, "amount_mismatch", "none"));
    const json::object told = desk.look();
    CHECK(count(told, "discrepancies") == 4);
    CHECK_FALSE(more(told, "discrepancies"));
    std::vector<std::string> days;
    for (const json::value& one : told.at("discrepancies").at("data").as_array()) days.emplace_back(one.at("date").as_string());
    CHECK(days.size() == 4);
    CHECK(std::ranges::is_sorted(days, std::ranges::greater()));
}

TEST_CASE("of many discrepancies twenty are told and all are counted, and those that a report left out are told of") {
    Desk desk;
    desk.reported(0, report_of(15, "missing_gateway", "page"));
    desk.reported(1, report_of(30, "missing_gateway", "page"));
    const json::object told = desk.look();
    CHECK(count(told, "discrepancies") == 45);
    CHECK(more(told, "discrepancies"));
    CHECK(told.at("discrepancies").at("data").as_array().size() == 20);

    Desk other;
    other.reported(0, report_of(3, "missing_gateway", "page", R"(,"omitted":7)"));
    const json::object left_out = other.look();
    CHECK(count(left_out, "discrepancies") == 3);
    CHECK(more(left_out, "discrepancies"));
}

TEST_CASE("a report that cannot be read is told as such") {
    for (const char* report : {"{", "[]", "{}", R"({"discrepancies":1})"}) {
        Desk desk;
        desk.reported(1, report);
        const json::object told = desk.look();
        CHECK(error(told, "discrepancies").find("cannot be read") != std::string::npos);
        CHECK(error(told, "expiring").empty());
    }
}

TEST_CASE("an outcome is unknown when a call may have left and was tried, or has been out for half a minute") {
    Desk desk;
    std::set<std::string> wanted{desk.begin("tried", 1s, true, 1), desk.begin("old", 30s, true, 0),
                                 desk.begin("unreadable", 0s, true, 0, "{")};
    (void)desk.begin("young", 29s, true, 0);
    (void)desk.begin("parked", 1h, false, 3);
    const json::object told = desk.look();
    std::set<std::string> found;
    for (const json::value& one : told.at("unknown_outcomes").at("data").as_array())
        found.emplace(one.at("charge_id").as_string());
    CHECK(found == wanted);
    CHECK(count(told, "unknown_outcomes") == 3);
    CHECK_FALSE(more(told, "unknown_outcomes"));
}

TEST_CASE("of many unknown outcomes twenty are told, and of more than can be looked at that there are more") {
    Desk desk;
    for (int i = 0; i < 250; ++i) (void)desk.begin("charge-" + std::to_string(i), 1h, true, 1);
    json::object told = desk.look();
    CHECK(count(told, "unknown_outcomes") == 250);
    CHECK(more(told, "unknown_outcomes"));
    CHECK(told.at("unknown_outcomes").at("data").as_array().size() == 20);
    for (int i = 250; i < 1200; ++i) (void)desk.begin("charge-" + std::to_string(i), 1h, true, 1);
    told = desk.look();
    CHECK(count(told, "unknown_outcomes") == 1000);
    CHECK(more(told, "unknown_outcomes"));
}
