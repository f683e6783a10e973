#include "async/deadlines.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

class Bomb final : public Deadline {
public:
    int exploded = 0;
    std::unique_ptr<Bomb>* also_destroys = nullptr;

private:
    void expire() noexcept override {
        ++exploded;
        if (also_destroys != nullptr) also_destroys->reset();
    }
};

}  // namespace

TEST_CASE("an armed deadline fires once, at its time or up to one grain later") {
    test::VirtualTime time;
    Deadlines deadlines(time.runtime(), 50ms);
    Bomb bomb;
    deadlines.arm(bomb, time.steady() + 1s);
    time.advance(999ms);
    CHECK(bomb.exploded == 0);
    time.advance(51ms);
    CHECK(bomb.exploded == 1);
    time.advance(10s);
    CHECK(bomb.exploded == 1);
}

TEST_CASE("a disarmed or destroyed deadline never fires, and a re-armed one only at its new time") {
    test::VirtualTime time;
    Deadlines deadlines(time.runtime(), 50ms);
    Bomb disarmed;
    Bomb moved;
    deadlines.arm(disarmed, time.steady() + 100ms);
    deadlines.arm(moved, time.steady() + 100ms);
    {
        Bomb destroyed;
        deadlines.arm(destroyed, time.steady() + 100ms);
    }
    disarmed.disarm();
    deadlines.arm(moved, time.steady() + 5s);
    time.advance(1s);
    CHECK(disarmed.exploded == 0);
    CHECK(moved.exploded == 0);
    time.advance(5s);
    CHECK(moved.exploded == 1);
}

TEST_CASE("a deadline that fires may destroy another that is due at the same time") {
    test::VirtualTime time;
    Deadlines deadlines(time.runtime(), 50ms);
    auto victim = std::make_unique<Bomb>();
    Bomb first;
    Bomb last;
    first.also_destroys = &victim;
    deadlines.arm(first, time.steady() + 100ms);
    deadlines.arm(*victim, time.steady() + 100ms);
    deadlines.arm(last, time.steady() + 100ms);
    time.advance(1s);
    CHECK(first.exploded == 1);
    CHECK(victim == nullptr);
    CHECK(last.exploded == 1);
}

TEST_CASE("the sweep rests while nothing is armed and wakes again for the next deadline") {
    test::VirtualTime time;
    Deadlines deadlines(time.runtime(), 50ms);
    Bomb bomb;
    deadlines.arm(bomb, time.steady() + 10ms);
    time.run_out();
    CHECK(time.elapsed() <= 100ms);
    deadlines.arm(bomb, time.steady() + 10ms);
    time.run_out();
    CHECK(bomb.exploded == 2);
}

TEST_CASE("when the sweep goes, what was armed is disarmed") {
    test::VirtualTime time;
    Bomb bomb;
    {
        Deadlines deadlines(time.runtime(), 50ms);
        deadlines.arm(bomb, time.steady() + 10ms);
        time.settle();
    }
    CHECK_FALSE(bomb.armed());
    time.run_out();
    CHECK(bomb.exploded == 0);
}
