#include "webhooks/inbox.hpp"

#include <catch2/catch.hpp>

#include "async/all_of.hpp"
#include "support/kept_pages.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"
#include "webhooks/message.hpp"
#include "webhooks/replay.hpp"

using namespace tollgate;
using namespace tollgate::webhooks;
using namespace std::chrono_literals;
using test::MemoryStore;
using State = StoredEvent::State;
using Outcome = NewsOutcome::Kind;

namespace {

const Source source{.name = "shop", .scheme = Scheme::stripe, .keys = {"k"}};

/// A store in memory that takes its time and counts what it is asked.
class SlowEvents final : public EventStore {
public:
    SlowEvents(const Runtime& runtime, EventStore& inner) : runtime_(runtime), inner_(inner) {}

    Milliseconds latency{2};
    int accepts = 0, settles = 0, claims = 0;
    std::size_t settled = 0;

    Task<Result<Accepted>> accept(Event event, Milliseconds lease) override {
        ++accepts;
        co_await sleep_for(runtime_, latency);
        co_return co_await inner_.accept(std::move(event), lease);
    }
    Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                 std::size_t limit) override {
        ++claims;
        co_await sleep_for(runtime_, latency);
        co_return co_await inner_.claim(queue, now, lease, limit);
    }
    Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) override {
        ++settles;
        settled += settlements.size();
        co_await sleep_for(runtime_, latency);
        co_return co_await inner_.settle(std::move(settlements), now);
    }
    Task<Result<std::optional<StoredEvent>>> find(std::string id) override { return inner_.find(std::move(id)); }
    Task<Result<EventPage>> dead_letters(DeadLetterQuery query) override { return inner_.dead_letters(std::move(query)); }
    Task<Result<EventPage>> archive(ArchiveQuery query) override { return inner_.archive(std::move(query)); }
    Task<Result<Replayed>> replay(std::string id, WallTime now) override { return inner_.replay(std::move(id), now); }

private:
    const Runtime& runtime_;
    EventStore& inner_;
};

class KeptOutcomes final : public DurationMeter {
public:
    std::map<std::string, int> count;
    void observe(std::string_view, std::chrono::duration<double>, std::string_view outcome) override {
        ++count[std::string(outcome)];
    }
};

/// An inbox and all around it; `answer` is how the charges take the news.
struct Office {
    test::VirtualTime time;
    MemoryStore store;
    SlowEvents events{time.runtime(), store.event_store()};
    test::KeptPages pager;
    KeptOutcomes meter;
    std::vector<std::string> heard;  // references, in the order of their coming
    Milliseconds takes{1};
    std::function<Result<NewsOutcome>(const GatewayNews&)> answer = [](const GatewayNews& news) {
        return NewsOutcome{Outcome::applied, "done", news.reference};
    };
    Inbox inbox{time.runtime(), events, pager, meter, {}, [this](GatewayNews news) { return hear(std::move(news)); }};
    bool running = false;

    Task<Result<NewsOutcome>> hear(GatewayNews news) {
        heard.push_back(news.reference);
        co_await sleep_for(time.runtime(), takes);
        co_return answer(news);
    }

    void start() {
        running = true;
        time.start([](Office& office) -> Task<void> {
            co_await office.inbox.run();
            office.running = false;
        }(*this));
    }

    std::vector<Event> read(const std::string& body) { return *webhooks::read(source, body, time.wall()); }
    Result<Receipt> accept(const std::string& body) { return time.run(inbox.accept(read(body))); }
    const StoredEvent& stored(const std::string& name) const { return *store.events.find(webhook_id("shop", name)); }
};

std::string captured(const std::string& id, const std::string& reference = "ch_1") {
    return R"({"id":")" + id + R"(","type":"payment.captured","data":{"reference":")" + reference + R"("}})";
}

std::string unreadable(const std::string& id) {
    return R"({"id":")" + id + R"(","type":"payment.captured","data":{"reference":7}})";
}

}  // namespace

TEST_CASE("an event is archived before it is answered and applied afterwards") {
    Office office;
    const auto receipt = office.accept(captured("evt_1"));
    REQUIRE(receipt);
    CHECK_FALSE(receipt->duplicate);
    CHECK(office.stored("evt_1").state == State::waiting);
    office.time.advance(10ms);
    CHECK(office.heard == std::vector<std::string>{"ch_1"});
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.stored("evt_1").note == "done");
    CHECK(office.inbox.working() == 0);
    CHECK(office.meter.count == std::map<std::string, int>{{"done", 1}});
}

TEST_CASE("of fifty copies at once exactly one is new, and it is applied once") {
    Office office;
    std::vector<Task<Result<Receipt>>> copies;
    for (int i = 0; i < 50; ++i) copies.push_back(office.inbox.accept(office.read(captured("evt_1"))));
    const auto receipts = office.time.run(all_of(office.time.runtime(), std::move(copies)));
    int fresh = 0;
    for (const auto& receipt : receipts) fresh += receipt && !receipt->duplicate ? 1 : 0;
    CHECK(fresh == 1);
    office.time.advance(1s);
    CHECK(office.heard.size() == 1);
    CHECK(office.inbox.working() == 0);
}

TEST_CASE("an id that comes back with another body is told, and the first one stands") {
    Office office;
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(1s);
    const auto again = office.accept(captured("evt_1", "ch_2"));
    REQUIRE(again);
    CHECK(again->duplicate);
    CHECK(again->altered == std::vector<std::string>{webhook_id("shop", "evt_1")});
    office.time.advance(1s);
    CHECK(office.heard == std::vector<std::string>{"ch_1"});
    CHECK(office.stored("evt_1").event.body == captured("evt_1"));
}

TEST_CASE("events of one request are all archived, or the request fails and those that were are applied all the same") {
    Office office;
    auto events = office.read(captured("evt_1", "ch_1"));
    events.push_back(office.read(captured("evt_2", "ch_2")).front());
    office.store.fail_next_write({Code::store_unavailable, "away"});
    const auto receipt = office.time.run(office.inbox.accept(std::move(events)));
    REQUIRE_FALSE(receipt);
    CHECK(receipt.error().code == Code::store_unavailable);
    office.time.advance(1s);
    CHECK(office.heard == std::vector<std::string>{"ch_2"});
    const auto again = office.accept(captured("evt_1", "ch_1"));
    CHECK((again && !again->duplicate));
}

TEST_CASE("an event of no use here is archived and done, and nobody hears of it") {
    Office office;
    REQUIRE(office.accept(R"({"id":"evt_1","type":"customer.created"})"));
    office.time.advance(1s);
    CHECK(office.heard.empty());
    CHECK(office.stored("evt_1").state == State::done);
}

TEST_CASE("an event that cannot be read is tried eight times, paged and given up, and the queue moves on") {
    Office office;
    office.start();
    REQUIRE(office.accept(unreadable("evt_1")));
    office.time.advance(1s);
    REQUIRE(office.accept(captured("evt_2")));
    office.time.advance(1s);
    CHECK(office.stored("evt_2").state == State::done);
    CHECK(office.stored("evt_1").state == State::waiting);
    CHECK(office.pager.pages.empty());
    office.time.advance(5min);
    const StoredEvent& dead = office.stored("evt_1");
    CHECK(dead.state == State::dead);
    CHECK(dead.failures == 8);
    CHECK(dead.note == "the event cannot be read: reference is not a string of at most 255 plain characters");
    REQUIRE(office.pager.pages.size() == 1);
    CHECK(office.pager.pages[0].kind == "dead_letter");
    CHECK(office.pager.pages[0].severity == "critical");
    CHECK(office.pager.pages[0].detail.find(dead.event.id) != std::string::npos);
    CHECK(office.pager.pages[0].detail.find("reference is not a string") != std::string::npos);
}

TEST_CASE("tries of an event that fails are 1, 2, 4, 8, 16, 32 and 60 seconds apart") {
    Office office;
    office.start();
    office.answer = [](const GatewayNews&) { return NewsOutcome{Outcome::conflict, "another amount", "ch_9"}; };
    std::vector<std::chrono::steady_clock::duration> at;
    REQUIRE(office.accept(captured("evt_1")));
    for (int second = 0; second < 300; ++second) {
        while (at.size() < office.heard.size()) at.push_back(office.time.elapsed());
        office.time.advance(1s);
    }
    REQUIRE(at.size() == 8);
    const std::chrono::seconds waits[] = {1s, 2s, 4s, 8s, 16s, 32s, 60s};
    for (std::size_t i = 0; i < 7; ++i) {
        CHECK(at[i + 1] - at[i] >= waits[i]);
        CHECK(at[i + 1] - at[i] <= waits[i] + 2s);
    }
    CHECK(office.stored("evt_1").state == State::dead);
    REQUIRE(office.pager.pages.size() == 1);
    CHECK(office.pager.pages[0].charge_id == "ch_9");
}

TEST_CASE("an event that comes before its charge waits for it without a failure to its name") {
    Office office;
    office.start();
    bool here = false;
    office.answer = [&](const GatewayNews&) {
        return here ? NewsOutcome{Outcome::applied, "done", "ch_1"} : NewsOutcome{Outcome::too_soon, "not here", ""};
    };
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(3s);
    CHECK(office.heard.size() >= 3);
    CHECK(office.heard.size() <= 7);
    office.time.advance(1h);
    CHECK(office.heard.size() > 200);
    here = true;
    office.time.advance(16s);
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.stored("evt_1").failures == 0);
    CHECK(office.pager.pages.empty());
}

TEST_CASE("an event whose charge has not come after a day becomes a dead letter") {
    Office office;
    office.start();
    office.answer = [](const GatewayNews&) { return NewsOutcome{Outcome::too_soon, "there is no charge", "ch_1"}; };
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(23h);
    CHECK(office.stored("evt_1").state == State::waiting);
    CHECK(office.stored("evt_1").failures == 0);
    office.time.advance(2h);
    CHECK(office.stored("evt_1").state == State::dead);
    CHECK(office.pager.pages.size() == 1);
}

TEST_CASE("an event that leads to no charge by the gateway's ids alone is somebody else's after a day") {
    Office office;
    office.start();
    office.answer = [](const GatewayNews&) { return NewsOutcome{Outcome::too_soon, "no charge has these ids", ""}; };
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(23h);
    CHECK(office.stored("evt_1").state == State::waiting);
    office.time.advance(2h);
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.pager.pages.empty());
}

TEST_CASE("an event whose charge somebody works on is told again in a moment, without a word to the store") {
    Office office;
    office.start();
    int busy = 5;
    office.answer = [&](const GatewayNews&) {
        return busy-- > 0 ? NewsOutcome{Outcome::busy, "somebody works on it", "ch_1"}
                          : NewsOutcome{Outcome::applied, "done", "ch_1"};
    };
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(2s);
    CHECK(office.heard.size() == 6);
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.events.settles == 1);
}

TEST_CASE("an event whose charge stays in other hands waits in the store, and counts no failure") {
    Office office;
    office.start();
    bool busy = true;
    office.answer = [&](const GatewayNews&) {
        return NewsOutcome{busy ? Outcome::busy : Outcome::applied, "somebody works on it", "ch_1"};
    };
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(1h);
    CHECK(office.events.settles > 100);
    CHECK(office.stored("evt_1").failures == 0);
    busy = false;
    office.time.advance(10s);
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.pager.pages.empty());
}

TEST_CASE("an old event that is replayed while somebody works on its charge is tried again") {
    Office office;
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(72h);
    office.start();
    int busy = 3;
    office.answer = [&](const GatewayNews&) {
        return busy-- > 0 ? NewsOutcome{Outcome::busy, "somebody works on it", "ch_1"}
                          : NewsOutcome{Outcome::known, "known", "ch_1"};
    };
    REQUIRE(office.time.run(office.events.replay(webhook_id("shop", "evt_1"), office.time.wall())));
    office.time.advance(1min);
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.pager.pages.empty());
}

TEST_CASE("a store of charges that is away does not count as a failed try") {
    Office office;
    office.start();
    office.answer = [](const GatewayNews&) -> Result<NewsOutcome> { return fail(Code::store_unavailable, "away"); };
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(1h);
    CHECK(office.stored("evt_1").state == State::waiting);
    CHECK(office.stored("evt_1").failures == 0);
    office.answer = [](const GatewayNews&) -> Result<NewsOutcome> {
        return fail(Code::internal, "a charge that cannot be read");
    };
    office.time.advance(1h);
    CHECK(office.stored("evt_1").state == State::dead);
}

TEST_CASE("an event whose outcome could not be written is applied again when its claim has run out") {
    Office office;
    office.start();
    REQUIRE(office.accept(captured("evt_1")));
    office.store.fail_next_write({Code::store_unknown, "away"});
    office.time.advance(10s);
    CHECK(office.heard.size() == 1);
    CHECK(office.stored("evt_1").state == State::waiting);
    CHECK(office.inbox.working() == 0);
    office.time.advance(25s);
    CHECK(office.heard.size() == 2);
    CHECK(office.stored("evt_1").state == State::done);
}

TEST_CASE("what a dead process left is taken up") {
    Office office;
    const Event left = office.read(captured("evt_1")).front();
    office.store.events.accept(left, 30s);
    office.start();
    office.time.advance(29s);
    CHECK(office.heard.empty());
    office.time.advance(2s);
    CHECK(office.stored("evt_1").state == State::done);
}

TEST_CASE("a webhook under load costs one write before its answer and a small share of one after it") {
    Office office;
    std::vector<Task<Result<Receipt>>> all;
    for (int i = 0; i < 64; ++i) all.push_back(office.inbox.accept(office.read(captured("evt_" + std::to_string(i)))));
    const auto receipts = office.time.run(all_of(office.time.runtime(), std::move(all)));
    for (const auto& receipt : receipts) CHECK(receipt);
    office.time.advance(1s);
    CHECK(office.events.accepts == 64);
    CHECK(office.events.settled == 64);
    CHECK(office.events.settles <= 3);
    CHECK(office.events.claims == 0);
}

TEST_CASE("what finds no room is left in the store and taken up from there, never more at once than the bound") {
    Office office;
    office.takes = 1s;
    std::size_t most = 0;
    office.answer = [&](const GatewayNews& news) {
        most = std::max(most, office.inbox.working());
        return NewsOutcome{Outcome::applied, "done", news.reference};
    };
    office.start();
    std::vector<Task<Result<Receipt>>> all;
    for (int i = 0; i < 1000; ++i) all.push_back(office.inbox.accept(office.read(captured("evt_" + std::to_string(i)))));
    const auto receipts = office.time.run(all_of(office.time.runtime(), std::move(all)));
    for (const auto& receipt : receipts) CHECK((receipt && !receipt->duplicate));
    office.time.advance(20s);
    CHECK(office.heard.size() == 1000);
    CHECK(most <= 320);
    for (const StoredEvent& stored : office.store.events.all()) CHECK(stored.state == State::done);
}

TEST_CASE("an inbox that was stopped goes on archiving, leaves the events to others and ends when its own are settled") {
    Office office;
    office.takes = 5s;
    office.start();
    REQUIRE(office.accept(captured("evt_1")));
    office.time.advance(1s);
    office.inbox.stop();
    office.time.settle();
    CHECK(office.running);
    REQUIRE(office.accept(captured("evt_2")));
    office.time.advance(5s);
    CHECK_FALSE(office.running);
    CHECK(office.stored("evt_1").state == State::done);
    CHECK(office.stored("evt_2").state == State::waiting);
    CHECK(office.stored("evt_2").claims == 0);
}

TEST_CASE("a day is replayed from the archive, its dead letters too, and no other day is") {
    Office office;
    const auto day = std::chrono::floor<std::chrono::days>(office.time.wall());
    const auto put = [&](const std::string& name, WallTime at) {
        Event event = office.read(captured(name)).front();
        event.at = at;
        office.store.events.accept(event, Milliseconds(1));
        const bool dead = name == "evt_7";
        office.store.events.settle(
            {{.id = event.id, .claim = 1, .kind = dead ? Settlement::Kind::dead : Settlement::Kind::done}}, at);
    };
    put("before", day - 1ms);
    for (int i = 0; i < 250; ++i) put("evt_" + std::to_string(i), day + i * 1s);
    put("after", day + 24h);
    const auto count = office.time.run(replay_day(office.events, day, office.time.wall()));
    REQUIRE(count);
    CHECK(*count == 250);
    CHECK(office.stored("before").state == State::done);
    CHECK(office.stored("after").state == State::done);
    CHECK(office.stored("evt_7").state == State::waiting);
    CHECK(*office.time.run(replay_day(office.events, day, office.time.wall())) == 0);
}
