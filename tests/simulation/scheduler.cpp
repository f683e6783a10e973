#include "simulation/scheduler.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tollgate::simulation {
namespace {

constexpr WallTime wall_start = std::chrono::sys_days(std::chrono::November / 22 / 2026) + std::chrono::hours(10);
constexpr SteadyTime steady_start{std::chrono::hours(1)};

/// What Asio needs of an executor, and no more: everything is posted.
class ProcessExecutor {
public:
    explicit ProcessExecutor(Process& process) noexcept : process_(&process) {}

    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept { return process_->context(); }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    template <class Function>
    void execute(Function function) const {
        process_->post(Handler(std::move(function)));
    }
    friend bool operator==(const ProcessExecutor&, const ProcessExecutor&) noexcept = default;

private:
    Process* process_;
};

}  // namespace

class SleepingTimer final : public Timer {
public:
    SleepingTimer(Scheduler& scheduler, Process& process) : scheduler_(scheduler), process_(process) {}
    ~SleepingTimer() override { wake(); }

    Task<void> wait_until(SteadyTime time) override {
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            [this, time](auto handler) {
                auto place = scheduler_.sleep(process_, time, Handler(std::move(handler)));
                sleeper_ = place.first;
                generation_ = place.second;
            },
            asio::use_awaitable);
    }

    void wake() noexcept override {
        if (generation_ == 0 || scheduler_.sleepers_[sleeper_].generation != std::exchange(generation_, 0)) return;
        process_.post(scheduler_.take(sleeper_));
    }

private:
    Scheduler& scheduler_;
    Process& process_;
    std::uint32_t sleeper_ = 0;
    std::uint32_t generation_ = 0;  // 0: nobody waits
};

Process::Process(Scheduler& scheduler, std::uint64_t seed)
    : scheduler_(scheduler), random_(seed), runtime_{ProcessExecutor(*this), *this, random_, *this} {}

WallTime Process::wall() const noexcept {
    return wall_start + std::chrono::floor<Milliseconds>(scheduler_.now() - steady_start) + offset_;
}

std::unique_ptr<Timer> Process::make() {
    return std::make_unique<SleepingTimer>(scheduler_, *this);
}

void Process::post(Handler handler) {
    if (!alive_) return;
    if (paused_) {
        held_.push_back(std::move(handler));
    } else {
        scheduler_.ready_.push_back({this, std::move(handler)});
    }
}

Scheduler::Scheduler(std::uint64_t seed) : now_(steady_start), choice_(seed), seed_(seed) {
    start_process();
}

Scheduler::~Scheduler() {
    for (Process& process : processes_) kill(process);
}

Process& Scheduler::start_process() {
    return processes_.emplace_back(*this, seed_ * 31 + processes_.size());
}

/// Frames are destroyed one by one, and may wake others while they are.
void Scheduler::kill(Process& process) {
    process.alive_ = false;
    process.death_ = nullptr;
    for (std::size_t i = 0; i < sleepers_.size(); ++i) {
        if (sleepers_[i].process == &process) const Handler dropped = take(static_cast<std::uint32_t>(i));
    }
    for (std::size_t i = 0; i < ready_.size();) {
        if (ready_[i].process != &process) {
            ++i;
            continue;
        }
        const Handler dropped = std::move(ready_[i].handler);
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    const auto dropped = std::exchange(process.held_, {});
}

void Scheduler::pause(Process& process) {
    process.paused_ = true;
}

void Scheduler::resume(Process& process) {
    process.paused_ = false;
    for (Handler& handler : std::exchange(process.held_, {})) process.post(std::move(handler));
}

void Scheduler::at(SteadyTime time, Handler handler) {
    sleep(nature(), time, std::move(handler));
}

std::pair<std::uint32_t, std::uint32_t> Scheduler::sleep(Process& process, SteadyTime time, Handler handler) {
    if (free_sleepers_.empty()) {
        free_sleepers_.push_back(static_cast<std::uint32_t>(sleepers_.size()));
        sleepers_.emplace_back();
    }
    const std::uint32_t place = free_sleepers_.back();
    free_sleepers_.pop_back();
    Sleeper& sleeper = sleepers_[place];
    sleeper.process = &process;
    sleeper.handler = std::move(handler);
    if (++sleeper.generation == 0) ++sleeper.generation;
    if (time < SteadyTime::max()) {
        alarms_.push_back({std::max(time, now_), ++alarms_ever_, place, sleeper.generation});
        std::ranges::push_heap(alarms_, std::greater<>());
    }
    return {place, sleeper.generation};
}

Handler Scheduler::take(std::uint32_t place) {
    Sleeper& sleeper = sleepers_[place];
    sleeper.process = nullptr;
    ++sleeper.generation;
    free_sleepers_.push_back(place);
    return std::move(sleeper.handler);
}

/// Whoever waits for the next time that anybody waits for.
bool Scheduler::wake_next() {
    bool woken = false;
    while (!alarms_.empty() && (!woken || alarms_.front().time == now_)) {
        const Alarm alarm = alarms_.front();
        std::ranges::pop_heap(alarms_, std::greater<>());
        alarms_.pop_back();
        if (sleepers_[alarm.sleeper].generation != alarm.generation) continue;
        now_ = alarm.time;
        woken = true;
        Process& process = *sleepers_[alarm.sleeper].process;
        process.post(take(alarm.sleeper));
    }
    return woken;
}

bool Scheduler::step() {
    while (ready_.empty()) {
        if (!wake_next()) return false;
    }
    const std::size_t chosen = choice_.below(ready_.size());
    std::swap(ready_[chosen], ready_.back());
    Ready next = std::move(ready_.back());
    ready_.pop_back();
    ++steps_;
    if (next.process->paused_) {
        next.process->held_.push_back(std::move(next.handler));
        return true;
    }
    if (next.process->handlers_left_ > 0 && --next.process->handlers_left_ == 0) {
        ready_.push_back(std::move(next));
        const auto death = std::exchange(ready_.back().process->death_, nullptr);
        if (death) death();
        return true;
    }
    next.handler();
    return true;
}

}  // namespace tollgate::simulation
