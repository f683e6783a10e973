#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "stores/sqlite/job.hpp"

namespace tollgate::sqlite {

/// Threads with a reading connection each. A question sees what was committed before it is taken up, since every one is
/// a read transaction of its own.
class Readers {
public:
    Readers(std::vector<Database> databases, std::size_t queue_max);

    /// Finishes what is waiting.
    ~Readers();

    void submit(Job& job);

private:
    void work(Session& session);

    const std::size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    JobList waiting_;
    std::size_t asleep_ = 0;
    bool stopping_ = false;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<std::thread> threads_;
};

}  // namespace tollgate::sqlite
