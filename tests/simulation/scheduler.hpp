#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "async/runtime.hpp"
#include "support/virtual_time.hpp"

/// Time, chance and order of the simulation: one thread, and nothing happens but what the seed says.
namespace tollgate::simulation {

using Handler = std::move_only_function<void()>;

class Process;

/// All that is ready to run and all that waits for its time. When several handlers are ready the seed chooses among them;
/// time moves on only when none is.
class Scheduler {
public:
    explicit Scheduler(std::uint64_t seed);
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    [[nodiscard]] SteadyTime now() const noexcept { return now_; }

    /// A process as it is born; kept, dead or alive, as long as the scheduler.
    Process& start_process();

    /// What belongs to no process that could die: the network, the other sides, the clients.
    [[nodiscard]] Process& nature() noexcept { return processes_.front(); }
    [[nodiscard]] const Process& nature() const noexcept { return processes_.front(); }

    /// Destroys every coroutine of the process where it stands, as SIGKILL does. Not from within one of them.
    void kill(Process& process);

    /// Until it is resumed, nothing of the process runs; time goes on for it nevertheless.
    void pause(Process& process);
    void resume(Process& process);

    /// Calls `handler` at that time.
    void at(SteadyTime time, Handler handler);

    /// Runs one handler, after having moved time on where nothing was ready. False: nothing will ever happen again.
    bool step();

    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

private:
    friend class Process;
    friend class SleepingTimer;

    /// A place where a handler waits for its time or for being woken. A generation is over once it left.
    struct Sleeper {
        Process* process = nullptr;
        Handler handler;
        std::uint32_t generation = 0;
    };
    struct Alarm {
        SteadyTime time;
        std::uint64_t order;  // equal times: first come, first woken
        std::uint32_t sleeper;
        std::uint32_t generation;
        bool operator>(const Alarm& other) const noexcept {
            return std::pair(time, order) > std::pair(other.time, other.order);
        }
    };
    struct Ready {
        Process* process;
        Handler handler;
    };

    std::pair<std::uint32_t, std::uint32_t> sleep(Process& process, SteadyTime time, Handler handler);
    [[nodiscard]] Handler take(std::uint32_t sleeper);
    bool wake_next();

    SteadyTime now_{std::chrono::hours(1)};
    test::SeededRandom choice_;
    std::uint64_t seed_;
    std::uint64_t steps_ = 0;
    std::uint64_t alarms_ever_ = 0;
    std::vector<Ready> ready_;
    std::vector<Sleeper> sleepers_;
    std::vector<std::uint32_t> free_sleepers_;
    std::vector<Alarm> alarms_;  // a heap, the earliest in front
    asio::execution_context context_;
    std::deque<Process> processes_;
};

/// One run of a program, with a wall clock of its own that may be wrong.
class Process final : public Clock, public Timers {
public:
    Process(Scheduler& scheduler, std::uint64_t seed);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] const Runtime& runtime() const noexcept { return runtime_; }
    [[nodiscard]] WallTime wall() const noexcept override;
    [[nodiscard]] SteadyTime steady() const noexcept override { return scheduler_.now(); }
    [[nodiscard]] std::unique_ptr<Timer> make() override;

    [[nodiscard]] bool alive() const noexcept { return alive_; }
    /// Ready to run from now on; dropped when the process is dead.
    void post(Handler handler);
    [[nodiscard]] asio::execution_context& context() const noexcept { return scheduler_.context_; }
    void set_clock_wrong_by(Milliseconds offset) noexcept { offset_ = offset; }

    /// Calls `death` instead of the n-th handler from now on: the process dies at that await.
    void die_after(std::uint64_t handlers, std::function<void()> death) {
        handlers_left_ = handlers + 1;
        death_ = std::move(death);
    }

private:
    friend class Scheduler;

    Scheduler& scheduler_;
    bool alive_ = true;
    bool paused_ = false;
    Milliseconds offset_{0};
    std::vector<Handler> held_;  // ready, while it is paused
    std::uint64_t handlers_left_ = 0;
    std::function<void()> death_;
    test::SeededRandom random_;
    Runtime runtime_;
};

}  // namespace tollgate::simulation
