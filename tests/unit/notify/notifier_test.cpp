#include "unit/notify/support.hpp"

using namespace tollgate;
using namespace tollgate::test;
using State = StoredEvent::State;

TEST_CASE("an event is posted once, as its body and three headers that verify with the published key") {
    Desk desk;
    const Event event = event_of("A", 1);
    desk.write(event);
    desk.start();
    desk.time.advance(1h);

    REQUIRE(desk.shop.arrivals.size() == 1);
    const auto& [request, at] = desk.shop.arrivals.front();
    CHECK(request.method == "POST");
    CHECK(request.path == "/hooks?t=1");
    CHECK(request.content_type == "application/json");
    CHECK(request.body == event.body);
    CHECK(header(request, "webhook-id") == event.id);
    CHECK(header(request, "webhook-timestamp") == unix_seconds(at));
    CHECK(header(request, "webhook-signature") == standard_signature(published_key, event.id, unix_seconds(at), event.body));
    CHECK(desk.stored(event).state == State::done);
    CHECK(desk.stored(event).failures == 0);
    CHECK(desk.meter.outcomes == std::vector<std::string>{"notify_delivery done"});
    CHECK(desk.told.empty());
    desk.stop();
}

TEST_CASE("an event that is written while nothing was due leaves within half a second") {
    Desk desk;
    desk.start();
    desk.time.advance(10s);
    desk.write(event_of("A", 1));
    desk.time.advance(500ms);
    CHECK(desk.shop.arrivals.size() == 1);
    desk.stop();
}

TEST_CASE("only an answer of 2xx delivers an event") {
    const auto [status, delivered] = GENERATE(table<int, bool>({{199, false},
                                                                {200, true},
                                                                {204, true},
                                                                {299, true},
                                                                {301, false},
                                                                {307, false},
                                                                {400, false},
                                                                {410, false},
                                                                {500, false}}));
    CAPTURE(status);
    Desk desk;
    const Event event = event_of("A", 1);
    desk.shop.always = OutboundReply{.status = status};
    desk.write(event);
    desk.start();
    desk.time.advance(1s);
    CHECK((desk.stored(event).state == State::done) == delivered);
    CHECK(desk.stored(event).failures == (delivered ? 0 : 1));
    CHECK(desk.stored(event).note == "it answered " + std::to_string(status));
    desk.stop();
}

TEST_CASE("an event that nobody takes is tried for three days, signed anew each time, then given up with a page") {
    Desk desk;
    const Event event = event_of("A", 1);
    desk.shop.always = fail(Code::network_error, "shop.example cannot be reached; nothing was sent");
    desk.write(event);
    desk.start();
    desk.time.advance(24h * 5);

    REQUIRE(desk.shop.arrivals.size() == 10);
    const auto days = desk.shop.arrivals.back().at - desk.shop.arrivals.front().at;
    CHECK(days > 24h * 3 - 6h);
    CHECK(days < 24h * 3 + 12h);
    std::set<std::string> signatures;
    for (const auto& [request, at] : desk.shop.arrivals) {
        CHECK(header(request, "webhook-id") == event.id);
        CHECK(header(request, "webhook-timestamp") == unix_seconds(at));
        signatures.insert(header(request, "webhook-signature"));
    }
    CHECK(signatures.size() == 10);

    CHECK(desk.stored(event).state == State::dead);
    CHECK(desk.stored(event).failures == 10);
    REQUIRE(desk.pager.pages.size() == 1);
    CHECK(desk.pager.pages.front().kind == "dead_letter");
    CHECK(desk.pager.pages.front().charge_id == event.charge_id);
    CHECK(desk.pager.pages.front().detail.find(event.id + " (charge.succeeded) in 10 tries") != std::string::npos);
    CHECK(desk.pager.pages.front().detail.find("cannot be reached") != std::string::npos);
    CHECK(std::ranges::count(desk.meter.outcomes, "notify_delivery retry") == 9);
    CHECK(std::ranges::count(desk.meter.outcomes, "notify_delivery dead") == 1);
    desk.stop();
}

TEST_CASE("events of one charge arrive in their order whatever fails, and those of another do not wait for them") {
    Desk desk;
    const Event first = event_of("A", 1, "charge.requires_action");
    const Event second = event_of("A", 2);
    const Event third = event_of("A", 3, "charge.refunded");
    const Event other = event_of("B", 1);
    desk.shop.at_first = {OutboundReply{.status = 500}};
    for (const Event& event : {first, second, third, other}) desk.write(event);
    desk.start();
    desk.time.advance(1s);
    CHECK(desk.shop.ids() == std::vector{first.id, other.id});

    desk.time.advance(6s);
    CHECK(desk.shop.ids() == std::vector{first.id, other.id, first.id, second.id, third.id});
    CHECK(desk.shop.arrivals[4].at - desk.shop.arrivals[2].at < 100ms);  // the next is claimed at once
    desk.stop();
}

TEST_CASE("an event that is given up lets the next of its charge go") {
    Desk desk;
    const Event first = event_of("A", 1);
    const Event second = event_of("A", 2);
    for (int i = 0; i < 10; ++i) desk.shop.at_first.emplace_back(OutboundReply{.status = 500});
    desk.write(first);
    desk.write(second);
    desk.start();
    desk.time.advance(24h * 4);
    CHECK(desk.stored(first).state == State::dead);
    CHECK(desk.stored(second).state == State::done);
    desk.stop();
}

TEST_CASE("so many deliveries run at once and no more, and the rest follows at once") {
    Desk desk;
    desk.shop.takes = 1s;
    for (int i = 0; i < 40; ++i) desk.write(event_of(std::to_string(100 + i), 1));
    desk.start();
    desk.time.advance(3500ms);
    CHECK(desk.shop.inside_max == Notifier::concurrent_max);
    CHECK(desk.meter.outcomes.size() == 40);
    desk.stop();
}

TEST_CASE("what the shop asks for with Retry-After makes a wait longer, up to the next one of the schedule") {
    Desk desk;
    const Event event = event_of("A", 1);
    desk.shop.at_first = {OutboundReply{.status = 503, .body = {}, .retry_after = 60s},
                          OutboundReply{.status = 429, .body = {}, .retry_after = 24h},
                          OutboundReply{.status = 500, .body = {}, .retry_after = 2h}};
    desk.write(event);
    desk.start();
    desk.time.advance(2h);
    REQUIRE(desk.shop.arrivals.size() == 4);
    const auto wait = [&](std::size_t i) { return desk.shop.arrivals[i + 1].at - desk.shop.arrivals[i].at; };
    CHECK(wait(0) >= 60s);
    CHECK(wait(0) < 61s);
    CHECK(wait(1) >= 30min);
    CHECK(wait(1) < 30min + 1s);
    CHECK(wait(2) < 34min);  // 500 asks for nothing
    desk.stop();
}

TEST_CASE("a process that dies between delivery and settlement leaves the event to be delivered again") {
    Desk desk;
    const Event event = event_of("A", 1);
    desk.write(event);
    desk.store.fail_next_write({Code::store_unavailable, "gone"}, MemoryStore::WriteFate::lost, 1'000);
    desk.start();
    desk.time.advance(1s);
    CHECK(desk.shop.arrivals.size() == 1);
    CHECK(desk.stored(event).state == State::waiting);

    Desk successor;
    successor.store.events = desk.store.events;
    successor.start();
    successor.time.advance(1min);
    CHECK(successor.shop.ids() == std::vector{event.id});
    CHECK(successor.stored(event).state == State::done);
    CHECK(successor.stored(event).failures == 0);
    successor.stop();
}

TEST_CASE("a settlement that the store did not take is written again, and nothing is sent twice") {
    Desk desk;
    const Event event = event_of("A", 1);
    const auto fate = GENERATE(MemoryStore::WriteFate::lost, MemoryStore::WriteFate::kept);
    desk.write(event);
    desk.store.fail_next_write({Code::store_unknown, "no answer"}, fate, 10);
    desk.start();
    desk.time.advance(1h);
    CHECK(desk.shop.arrivals.size() == 1);
    CHECK(desk.stored(event).state == State::done);
    desk.stop();
}

TEST_CASE("a settlement that the store does not take for a whole lease is let go, and the event is sent again") {
    Desk desk;
    const Event event = event_of("A", 1);
    desk.write(event);
    desk.store.fail_next_write({Code::store_unavailable, "down"}, MemoryStore::WriteFate::lost, 1'000'000);
    desk.start();
    desk.time.advance(35s);
    desk.store.forget_failure();
    desk.time.advance(1min);
    CHECK(desk.shop.ids() == std::vector{event.id, event.id});
    CHECK(desk.stored(event).state == State::done);
    desk.stop();
}

TEST_CASE("a store that takes no settlement does not bind the notifier for longer than a lease") {
    Desk desk;
    for (int i = 0; i < 16; ++i) desk.write(event_of(std::to_string(100 + i), 1));
    desk.store.fail_next_write({Code::store_unavailable, "down"}, MemoryStore::WriteFate::lost, 1'000'000);
    desk.start();
    desk.time.advance(20s);
    CHECK(desk.shop.arrivals.size() == 16);
    desk.time.advance(15s);
    CHECK(desk.shop.arrivals.size() == 32);
    desk.store.forget_failure();
    desk.stop();
}

TEST_CASE("a shop that takes nothing is asked gently") {
    Desk desk;
    desk.shop.always = OutboundReply{.status = 500};
    for (int i = 0; i < 100; ++i) desk.write(event_of(std::to_string(100 + i), 1));
    desk.start();
    desk.time.advance(1s);
    CHECK(desk.shop.arrivals.size() == 3 * Notifier::concurrent_max);
    desk.stop();
}

TEST_CASE("stopping waits for what is under way and settles it, and takes up nothing more") {
    Desk desk;
    const Event first = event_of("A", 1);
    const Event second = event_of("A", 2);
    desk.shop.takes = 10s;
    desk.write(first);
    desk.write(second);
    desk.start();
    desk.time.advance(1s);
    desk.notifier->stop();
    CHECK_FALSE(desk.time.run(desk.notifier->ended(desk.time.steady() + 5s)));
    CHECK(desk.stored(first).state == State::waiting);
    CHECK(desk.time.run(desk.notifier->ended(desk.time.steady() + 5s)));
    CHECK(desk.stored(first).state == State::done);
    CHECK(desk.shop.ids() == std::vector{first.id});
    CHECK(desk.stored(second).due_at);
}

TEST_CASE("failures are told with their reason and never with the path, at most one in ten seconds") {
    Desk desk;
    desk.shop.always = OutboundReply{.status = 500};
    for (int i = 0; i < 30; ++i) desk.write(event_of(std::to_string(100 + i), 1));
    desk.start();
    desk.time.advance(2s);
    CHECK(desk.told == std::vector<std::string>{"evt_001001: it answered 500"});
    desk.time.advance(20s);
    CHECK(desk.told.size() == 1);  // all are between their second and third try
    desk.time.advance(6min);
    CHECK(desk.told.size() > 1);
    CHECK(desk.told.size() < 10);
    CHECK(desk.untold + desk.told.size() > 30);
    desk.stop();
}
