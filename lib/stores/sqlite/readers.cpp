#include "stores/sqlite/readers.hpp"

namespace tollgate::sqlite {
namespace {

/// How many one thread takes at a time: they share a post back, and leave the rest to the other threads.
constexpr std::size_t reads_at_once = 16;

void answer(Session& session, Job& job) {
    job.run(session);
    if (!session.database.failed()) return;
    job.refuse(PaymentError(Code::store_unavailable, "the store could not be read: " + session.database.failure().text));
    session.database.clear_failure();
}

}  // namespace

Readers::Readers(std::vector<Database> databases, std::size_t queue_max) : queue_max_(queue_max) {
    for (Database& database : databases) {
        Session& session = *sessions_.emplace_back(std::make_unique<Session>(std::move(database)));
        threads_.emplace_back([this, &session] { work(session); });
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

void Readers::work(Session& session) {
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
        for (Job* job = batch.first(); job != nullptr; job = job->next) answer(session, *job);
        complete(batch);
        hold.lock();
    }
}

}  // namespace tollgate::sqlite
