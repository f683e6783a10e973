#include "reconciliation/repairs.hpp"

#include <catch2/catch.hpp>

#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"
#include "unit/reconciliation/noted_actions.hpp"
#include "webhooks/message.hpp"
#include "webhooks/news.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace tollgate::reconciliation;
using State = StoredEvent::State;

namespace {

constexpr std::chrono::sys_days day{std::chrono::November / 22 / 2026};
constexpr WallTime noon{day + std::chrono::hours(12)};

Discrepancy missed(std::string type = "capture", std::string id = "cap_1") {
    const std::string status = type == "capture" ? "captured" : type == "refund" ? "refunded" : "disputed";
    return {.kind = Kind::missing_internal,
            .reference = "ch_1",
            .charge_id = "ch_1",
            .type = std::move(type),
            .internal = {},
            .gateway = Entry{std::move(id), 1500, "KWD", status, noon},
            .action = Action::left};
}

/// A day's repairs by processes that come and go, over a store that stays.
struct Workshop {
    VirtualTime time;
    NotedActions notes;
    MemoryStore store;
    bool unfinished = false;
    std::vector<std::string> looked_up;
    std::vector<std::string> written;

    Repairs repairs() {
        const auto look_up = [this](std::string id) -> Task<Result<bool>> {
            if (unfinished) looked_up.push_back(std::move(id));
            co_return unfinished;
        };
        const auto write_down = [this](const Discrepancy& found, std::string_view action) {
            written.push_back(std::string(action) + " " + found.charge_id);
        };
        return Repairs(time.runtime(), {notes, store.event_store(), look_up, [] { return Result<void>(); }, write_down}, day);
    }
    Action repair(Discrepancy found, std::size_t* count = nullptr) {
        Repairs some = repairs();
        const auto repaired = time.run(some.repair({&found}));
        REQUIRE(repaired);
        if (count != nullptr) *count = some.repairs();
        return found.action;
    }
    /// A webhook that told of a capture, as it stands in the archive.
    std::string archive(State state, const std::string& capture = "cap_1") {
        const std::string body = R"({"id":"evt_)" + capture + R"(","type":"payment.captured","data":{"reference":"ch_1",)" +
                                 R"("capture_id":")" + capture + R"(","amount":1500,"currency":"KWD"}})";
        Event event = webhooks::read({.name = "gateway", .keys = {}}, body, noon)->front();
        const std::string id = event.id;
        store.events.accept(event, Milliseconds(1000));
        if (state != State::waiting) {
            const auto kind = state == State::done ? Settlement::Kind::done : Settlement::Kind::dead;
            store.events.settle({{.id = id, .claim = 1, .kind = kind, .note = "so it went"}}, noon);
        }
        return id;
    }
    std::vector<StoredEvent> events() {
        return time.run(store.event_store().archive({.from = WallTime(), .until = WallTime::max()}))->events;
    }
};

}  // namespace

TEST_CASE("what no webhook told is told to its charge as a webhook would have, and only once") {
    Workshop shop;
    std::size_t repairs = 0;
    CHECK(shop.repair(missed(), &repairs) == Action::adopt);
    CHECK(repairs == 1);
    REQUIRE(shop.events().size() == 1);
    const StoredEvent told = shop.events().front();
    CHECK(told.event.source == "reconciliation");
    CHECK(told.state == State::waiting);
    const auto news = webhooks::news_of(told.event.body);
    REQUIRE(news);
    CHECK(**news == GatewayNews{.kind = GatewayNews::Kind::captured,
                                .reference = "ch_1",
                                .capture_id = "cap_1",
                                .amount = Money{1500, *Currency::from_code("KWD")},
                                .at = noon});
    CHECK(shop.written == std::vector<std::string>{"adopt ch_1"});

    CHECK(shop.repair(missed(), &repairs) == Action::adopt);
    CHECK(repairs == 0);
    CHECK(shop.events().size() == 1);
    CHECK(shop.written.size() == 1);
}

TEST_CASE("refunds and disputes are told under their own ids") {
    Workshop shop;
    CHECK(shop.repair(missed("refund", "re_1")) == Action::adopt);
    CHECK(shop.repair(missed("dispute", "dp_1")) == Action::adopt);
    std::vector<std::string> ids;
    for (const StoredEvent& told : shop.events()) {
        const auto news = webhooks::news_of(told.event.body);
        REQUIRE(news);
        ids.push_back((*news)->refund_id + (*news)->dispute_id);
    }
    std::ranges::sort(ids);
    CHECK(ids == std::vector<std::string>{"dp_1", "re_1"});
}

TEST_CASE("a webhook that told of it is replayed, and where that did not help the charge is told") {
    const State state = GENERATE(State::done, State::dead);
    Workshop shop;
    const std::string other = shop.archive(State::done, "cap_2");
    const std::string webhook = shop.archive(state);
    CHECK(shop.repair(missed()) == Action::replay);
    CHECK(shop.store.events.find(webhook)->state == State::waiting);
    CHECK(shop.store.events.find(other)->state == State::done);
    CHECK(shop.written == std::vector<std::string>{"replay ch_1"});

    CHECK(shop.repair(missed()) == Action::replay);  // it is being worked on
    CHECK(shop.written.size() == 1);
    shop.store.events.settle({{.id = webhook, .claim = 2, .kind = Settlement::Kind::done, .note = {}}}, noon);
    for (const StoredEvent& claimed : shop.store.events.claim(EventQueue::incoming, noon, Milliseconds(1000), 10)) {
        shop.store.events.settle(
            {{.id = claimed.event.id, .claim = claimed.claims, .kind = Settlement::Kind::done, .note = {}}}, noon);
    }
    CHECK(shop.repair(missed()) == Action::adopt);
    CHECK(shop.events().size() == 3);
}

TEST_CASE("a webhook that still waits is left to be worked on") {
    Workshop shop;
    shop.archive(State::waiting);
    CHECK(shop.repair(missed()) == Action::replay);
    CHECK(shop.written.empty());
    CHECK(shop.events().size() == 1);
}

TEST_CASE("a charge that is not finished is looked up at the gateway as well, once") {
    Workshop shop;
    shop.unfinished = true;
    for (int run = 0; run < 3; ++run) CHECK(shop.repair(missed()) == Action::adopt);
    CHECK(shop.looked_up == std::vector<std::string>{"ch_1"});
    CHECK(shop.written == std::vector<std::string>{"lookup ch_1", "adopt ch_1"});
}

TEST_CASE("what is none of ours, and every other kind, is left alone") {
    Workshop shop;
    Discrepancy foreign = missed();
    foreign.action = Action::none;
    CHECK(shop.repair(foreign) == Action::none);
    for (const Kind kind : {Kind::missing_gateway, Kind::duplicate_at_gateway, Kind::orphan_refund, Kind::late}) {
        Discrepancy found = missed();
        found.kind = kind;
        CHECK(shop.repair(found) == found.action);
    }
    CHECK(shop.events().empty());
}

TEST_CASE("a process that dies at any write of a repair is followed by one that repairs, and nothing is told in two events") {
    const bool archived = GENERATE(false, true);
    const bool after = GENERATE(false, true);
    for (int write = 0; write < 2; ++write) {
        CAPTURE(archived, after, write);
        Workshop shop;
        shop.unfinished = true;
        if (archived) shop.archive(State::dead);
        shop.notes.dies_at = write;
        shop.notes.dies_after = after;
        Discrepancy found = missed();
        bool died = false;
        try {
            Repairs some = shop.repairs();
            static_cast<void>(shop.time.run(some.repair({&found})));
        } catch (const Died&) {
            died = true;
        }
        CHECK((died || (!archived && write == 1)));  // what is adopted is noted by its event
        shop.notes.dies_at = -1;
        CHECK(shop.repair(missed()) == (archived ? Action::replay : Action::adopt));
        CHECK(shop.events().size() == 1);
        CHECK(shop.events().front().state == State::waiting);
    }
}

TEST_CASE("more than a thousand repairs wait for the next run") {
    Workshop shop;
    std::vector<Discrepancy> found(Repairs::repairs_max + 2, missed());
    std::vector<Discrepancy*> all;
    for (std::size_t i = 0; i < found.size(); ++i) {
        found[i].gateway->id = "cap_" + std::to_string(i);
        all.push_back(&found[i]);
    }
    Repairs some = shop.repairs();
    REQUIRE(shop.time.run(some.repair(all)));
    CHECK(std::ranges::count(found, Action::adopt, &Discrepancy::action) == 1000);
    CHECK(std::ranges::count(found, Action::left, &Discrepancy::action) == 2);
}
