#include "reconciliation/alarm.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "support/virtual_time.hpp"
#include "unit/reconciliation/noted_actions.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace tollgate::reconciliation;

namespace {

constexpr std::chrono::sys_days day{std::chrono::November / 22 / 2026};

Discrepancy unknown_to_gateway(int number = 1) {
    const std::string charge = "ch_" + std::to_string(number);
    return {.kind = Kind::missing_gateway,
            .reference = charge,
            .charge_id = charge,
            .type = "capture",
            .internal = Entry{"cap_" + std::to_string(number), 4999, "USD", "captured", day},
            .gateway = {}};
}

Discrepancy done_twice() {
    return {.kind = Kind::duplicate_at_gateway,
            .reference = "ch_1",
            .charge_id = "ch_1",
            .type = "capture",
            .internal = {},
            .gateway = Entry{"cap_2", 4999, "USD", "captured", day}};
}

/// Somebody who is called, by processes that come and go.
struct Duty {
    VirtualTime time;
    NotedActions store;
    std::vector<std::pair<Page, std::string>> pages;
    bool hears = true;

    Alarm alarm(Alarm::Notes notes = Alarm::Notes::write) {
        const auto deliver = [this](Page page, std::string key) -> Task<bool> {
            if (hears) pages.emplace_back(std::move(page), std::move(key));
            co_return hears;
        };
        return Alarm(store, deliver, day, notes);
    }
    bool call(Alarm& alarm, Discrepancy found) {
        const auto called = time.run(alarm.call(found));
        REQUIRE(called);
        action = found.action;
        return *called;
    }
    Action action = Action::none;
};

}  // namespace

TEST_CASE("money that the gateway does not know, or has moved once more, calls somebody who learns which it is") {
    Duty duty;
    Alarm alarm = duty.alarm();
    CHECK(duty.call(alarm, unknown_to_gateway()));
    CHECK(duty.call(alarm, done_twice()));
    REQUIRE(duty.pages.size() == 2);
    const Page& unknown = duty.pages[0].first;
    CHECK(unknown.kind == "missing_gateway");
    CHECK(unknown.severity == "critical");
    CHECK(unknown.charge_id == "ch_1");
    CHECK(unknown.detail.find("capture cap_1 of 4999 USD") != std::string::npos);
    const Page& twice = duty.pages[1].first;
    CHECK(twice.kind == "echo_mismatch");
    CHECK(twice.detail.find("duplicate_at_gateway: the gateway lists the capture cap_2") != std::string::npos);
    CHECK(duty.pages[0].second != duty.pages[1].second);

    for (const Kind kind : {Kind::missing_internal, Kind::amount_mismatch, Kind::currency_mismatch, Kind::status_mismatch,
                            Kind::late, Kind::orphan_refund}) {
        CHECK_FALSE(Alarm::is_for({.kind = kind, .reference = {}, .charge_id = {}, .type = {}, .internal = {}, .gateway = {}}));
    }
}

TEST_CASE("the same discrepancy calls once, however often its day is compared") {
    Duty duty;
    for (int run = 0; run < 3; ++run) {
        Alarm alarm = duty.alarm();
        CHECK(duty.call(alarm, unknown_to_gateway()) == (run == 0));
        CHECK(duty.action == Action::page);
    }
    CHECK(duty.pages.size() == 1);
}

TEST_CASE("a process that dies beside a page is followed by one that pages under the same key, or not at all") {
    const bool after = GENERATE(false, true);
    Duty duty;
    duty.store.dies_at = 0;
    duty.store.dies_after = after;
    {
        Alarm alarm = duty.alarm();
        Discrepancy found = unknown_to_gateway();
        CHECK_THROWS_AS(duty.time.run(alarm.call(found)), Died);
    }
    Alarm alarm = duty.alarm();
    CHECK(duty.call(alarm, unknown_to_gateway()) == !after);
    CHECK(duty.action == Action::page);
    REQUIRE(duty.pages.size() == (after ? 1 : 2));
    CHECK(duty.pages.front().second == duty.pages.back().second);
}

TEST_CASE("where nobody takes a page nothing is noted, no more are tried, and the next run tells them all") {
    Duty duty;
    duty.hears = false;
    Alarm deaf = duty.alarm();
    CHECK_FALSE(duty.call(deaf, unknown_to_gateway(1)));
    CHECK(duty.action == Action::none);
    CHECK(deaf.unheard());
    duty.hears = true;
    CHECK_FALSE(duty.call(deaf, unknown_to_gateway(2)));
    CHECK(duty.store.noted.empty());

    Alarm next = duty.alarm();
    CHECK(duty.call(next, unknown_to_gateway(1)));
    CHECK(duty.call(next, unknown_to_gateway(2)));
    CHECK_FALSE(next.unheard());
}

TEST_CASE("of very many discrepancies a hundred are paged one by one and the rest together, once") {
    Duty duty;
    for (int run = 0; run < 2; ++run) {
        Alarm alarm = duty.alarm();
        for (int i = 0; i < 250; ++i) {
            duty.call(alarm, unknown_to_gateway(i));
            CHECK(duty.action == Action::page);
        }
    }
    REQUIRE(duty.pages.size() == Alarm::pages_max + 1);
    const Page& rest = duty.pages.back().first;
    CHECK(rest.detail.find("2026-11-22") != std::string::npos);
    CHECK(rest.charge_id.empty());
}

TEST_CASE("beside a serving process a command pages what that has not, and leaves no note") {
    Duty duty;
    Alarm service = duty.alarm();
    CHECK(duty.call(service, unknown_to_gateway(1)));
    const auto noted = duty.store.noted;
    Alarm command = duty.alarm(Alarm::Notes::only_read);
    CHECK_FALSE(duty.call(command, unknown_to_gateway(1)));
    CHECK(duty.action == Action::page);
    CHECK(duty.call(command, unknown_to_gateway(2)));
    CHECK(duty.store.noted == noted);
}

TEST_CASE("a store that is away calls nobody") {
    Duty duty;
    duty.store.is_away = true;
    Alarm alarm = duty.alarm();
    Discrepancy found = unknown_to_gateway();
    const auto called = duty.time.run(alarm.call(found));
    REQUIRE_FALSE(called);
    CHECK(called.error().code == Code::store_unavailable);
    CHECK(duty.pages.empty());
}
