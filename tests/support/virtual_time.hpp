#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/runtime.hpp"

namespace tollgate::test {

/// The same seed gives the same numbers (Steele, Lea, Flood: SplitMix64).
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    [[nodiscard]] std::uint64_t next() noexcept override {
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

private:
    std::uint64_t state_;
};

/// A world on one thread in which time stands still while anything is ready to run, and then moves on to the next timer: an
/// hour passes in no time, and the same test always takes the same course.
///
///     VirtualTime time;
///     auto result = time.run(service(request));            // to its end, however long it sleeps
///     CHECK(time.elapsed() == 5s);
///
/// For coroutines that wait for timers and for each other only: a socket is not waited for.
class VirtualTime final : public Clock, public Timers {
public:
    explicit VirtualTime(std::uint64_t seed = 1) : random_(seed) {}

    /// What the code under test borrows; lives as long as this object.
    [[nodiscard]] const Runtime& runtime() const noexcept { return runtime_; }

    /// Runs a coroutine to its end and hands out what it returned or threw, while everything else goes on beside it. Throws
    /// `std::logic_error` when it waits for something that can never come.
    template <class T>
    T run(Task<T> task) {
        std::optional<std::pair<std::exception_ptr, std::optional<T>>> end;
        asio::co_spawn(
            context_, [](Task<T> inner) -> Task<std::optional<T>> { co_return co_await std::move(inner); }(std::move(task)),
            [&end](std::exception_ptr thrown, std::optional<T> value) { end.emplace(std::move(thrown), std::move(value)); });
        run_until([&end] { return end.has_value(); });
        if (end->first) std::rethrow_exception(end->first);
        return *std::move(end->second);
    }

    void run(Task<void> task) {
        run([](Task<void> inner) -> Task<bool> {
            co_await std::move(inner);
            co_return true;
        }(std::move(task)));
    }

    /// Starts a coroutine that goes on by itself; it makes its first step at the next `settle`, `advance` or `run`.
    void start(Task<void> task) { spawn(runtime_.executor, std::move(task)); }

    /// Lets everything happen that is ready now; no time passes.
    void settle() {
        context_.restart();
        context_.poll();
    }

    /// Lets so much time pass, stopping at every timer on the way.
    void advance(std::chrono::steady_clock::duration span) {
        const auto end = now_ + span;
        settle();
        while (!sleepers_.empty() && sleepers_.begin()->first <= end) wake_next();
        now_ = std::max(now_, end);
    }

    /// Runs until nothing is ready and nobody sleeps any more.
    void run_out() {
        settle();
        while (!sleepers_.empty()) wake_next();
    }

    /// Sets the wall clock forward or back; deadlines do not notice.
    void jump_wall(Milliseconds by) { wall_offset_ += by; }

    /// Since the world began.
    [[nodiscard]] std::chrono::steady_clock::duration elapsed() const noexcept { return now_ - steady_start; }

    [[nodiscard]] SteadyTime steady() const noexcept override { return now_; }
    [[nodiscard]] WallTime wall() const noexcept override {
        return wall_start + wall_offset_ + std::chrono::floor<Milliseconds>(elapsed());
    }
    [[nodiscard]] std::unique_ptr<Timer> make() override { return std::make_unique<VirtualTimer>(*this); }

private:
    class VirtualTimer;
    using Sleepers = std::multimap<SteadyTime, VirtualTimer*>;  // equal times: first come, first woken

    /// Asio's own timer, set to never: it brings waiting and cancellation with it, and only the hour comes from here.
    class VirtualTimer final : public Timer {
    public:
        explicit VirtualTimer(VirtualTime& world) : world_(world), bell_(world.context_, SteadyTime::max()) {}

        Task<void> wait_until(SteadyTime time) override {
            const Bed bed(*this, time);
            boost::system::error_code woken;
            co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        void wake() noexcept override { bell_.cancel(); }

    private:
        /// A place among the sleepers, given back however the sleep ends.
        struct Bed {
            Sleepers& sleepers;
            Sleepers::iterator place;
            Bed(VirtualTimer& timer, SteadyTime time)
                : sleepers(timer.world_.sleepers_), place(sleepers.emplace(std::max(time, timer.world_.now_), &timer)) {}
            Bed(const Bed&) = delete;
            Bed& operator=(const Bed&) = delete;
            ~Bed() { sleepers.erase(place); }
        };

        VirtualTime& world_;
        asio::steady_timer bell_;
    };

    void wake_next() {
        const auto next = sleepers_.begin();
        now_ = next->first;
        next->second->wake();
        settle();
    }

    template <class Done>
    void run_until(Done done) {
        settle();
        while (!done()) {
            if (sleepers_.empty()) throw std::logic_error("the coroutine waits for something that will never come");
            wake_next();
        }
    }

    static constexpr SteadyTime steady_start{std::chrono::hours(1)};
    static constexpr WallTime wall_start = std::chrono::sys_days(std::chrono::November / 22 / 2026) + std::chrono::hours(10);

    SteadyTime now_ = steady_start;
    Milliseconds wall_offset_{0};
    SeededRandom random_;
    Sleepers sleepers_;
    asio::io_context context_{1};  // after what its coroutines use: their frames are destroyed with it
    Runtime runtime_{context_.get_executor(), *this, random_, *this};
};

}  // namespace tollgate::test
