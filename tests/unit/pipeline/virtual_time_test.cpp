#include "support/virtual_time.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "async/one_shot.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::VirtualTime;

namespace {

Task<void> note(const Runtime& runtime, std::string& notes, char mark, Milliseconds after) {
    co_await sleep_for(runtime, after);
    notes += mark;
}

}  // namespace

TEST_CASE("a day of sleep takes no time, and the clocks agree that a day has passed") {
    VirtualTime time;
    const auto wall = time.wall();
    time.run(sleep_for(time.runtime(), 24h));
    CHECK(time.elapsed() == 24h);
    CHECK(time.wall() - wall == 24h);
}

TEST_CASE("sleepers wake in the order of their hours, and at the same hour in the order they lay down") {
    VirtualTime time;
    std::string notes;
    time.start(note(time.runtime(), notes, 'c', 30ms));
    time.start(note(time.runtime(), notes, 'a', 10ms));
    time.start(note(time.runtime(), notes, 'b', 20ms));
    time.start(note(time.runtime(), notes, 'd', 30ms));
    time.run_out();
    CHECK(notes == "abcd");
    CHECK(time.elapsed() == 30ms);
}

TEST_CASE("advancing stops short of what is due later") {
    VirtualTime time;
    std::string notes;
    time.start(note(time.runtime(), notes, 'a', 10ms));
    time.start(note(time.runtime(), notes, 'b', 20ms));
    time.advance(19ms);
    CHECK(notes == "a");
    CHECK(time.elapsed() == 19ms);
    time.advance(1ms);
    CHECK(notes == "ab");
}

TEST_CASE("a value that arrives ends the wait for it at once") {
    VirtualTime time;
    OneShot<int> value(time.runtime());
    time.start([](const Runtime& runtime, OneShot<int>& shot) -> Task<void> {
        co_await sleep_for(runtime, 5ms);
        shot.set(7);
    }(time.runtime(), value));
    CHECK(time.run(value.wait_until(time.steady() + 1h)) == 7);
    CHECK(time.elapsed() == 5ms);
}

TEST_CASE("a coroutine that could never end is reported instead of hanging the test") {
    VirtualTime time;
    const auto never = [](asio::any_io_executor executor) -> Task<void> {
        asio::steady_timer bell(std::move(executor), SteadyTime::max());
        co_await bell.async_wait(asio::use_awaitable);
    };
    CHECK_THROWS_AS(time.run(never(time.runtime().executor)), std::logic_error);
}

TEST_CASE("a world may end while somebody sleeps in it") {
    std::string notes;
    {
        VirtualTime time;
        time.start(note(time.runtime(), notes, 'a', 1h));
        time.advance(1min);
    }
    CHECK(notes.empty());
}

TEST_CASE("the wall clock jumps without waking or delaying anybody") {
    VirtualTime time;
    std::string notes;
    time.start(note(time.runtime(), notes, 'a', 10ms));
    time.settle();
    time.jump_wall(-2h);
    time.advance(10ms);
    CHECK(notes == "a");
    CHECK(time.elapsed() == 10ms);
}
