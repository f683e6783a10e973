#include "stores/sqlite/readers.hpp"

namespace tollgate::sqlite {
namespace {

/// How many one thread takes at a time: they share a post back, and leave the rest to the other threads.
constexpr std::size_t reads_at_once = 16;

}  // namespace

Readers::Readers(std::vector<Database> databases, std::size_t queue_max, std::optional<Quiet> quiet)
    : queue_max_(queue_max), quiet_(std::move(quiet)) {
    for (Database& database : databases) {
        auto session = std::make_unique<Session>(std::move(database));
        Seat& seat = *seats_.emplace_back(std::make_unique<Seat>(Seat{std::move(session), quiet_.has_value()}));
        threads_.emplace_back([this, &seat] { work(seat); });
    }
}

Readers::~Readers() {
    {
        const std::lock_guard hold(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Readers::submit(Job& job) {
    bool wake = false;
    bool accepted = false;
    {
        const std::lock_guard hold(mutex_);
        accepted = waiting_.size() < queue_max_ && !stopping_;
        if (accepted) waiting_.push(job);
        wake = accepted && asleep_ > 0;
    }
    if (wake) wake_.notify_one();
    if (accepted) return;
    job.refuse(PaymentError(Code::store_unavailable, "too many operations are waiting for the disk", Milliseconds(100)));
    JobList refused;
    refused.push(job);
    complete(refused);
}

void Readers::work(Seat& seat) {
    std::unique_lock hold(mutex_);
    for (;;) {
        if (waiting_.empty() && stopping_) return;
        if (waiting_.empty()) {
            ++asleep_;
            wake_.wait(hold);
            --asleep_;
            continue;
        }
        JobList batch = waiting_.take(reads_at_once);
        hold.unlock();
        for (Job* job = batch.first(); job != nullptr; job = job->next) answer(seat, *job);
        complete(batch);
        hold.lock();
    }
}

void Readers::answer(Seat& seat, Job& job) const {
    job.run(*seat.session);
    if (seat.quiet && !quiet_->file.undisturbed()) {
        if (const Result<void> shared = share(seat); !shared) return job.refuse(shared.error());
        job.run(*seat.session);
    }
    Database& database = seat.session->database;
    if (!database.failed()) return;
    job.refuse(PaymentError(Code::store_unavailable, "the store could not be read: " + database.failure().text));
    database.clear_failure();
}

Result<void> Readers::share(Seat& seat) const {
    Result<Database> beside = quiet_->reopen();
    if (!beside) return fail(std::move(beside.error()));
    seat.session = std::make_unique<Session>(std::move(*beside));
    seat.quiet = false;
    return {};
}

}  // namespace tollgate::sqlite
