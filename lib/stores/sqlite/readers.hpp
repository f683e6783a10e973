#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "stores/sqlite/job.hpp"
#include "stores/sqlite/open_file.hpp"

namespace tollgate::sqlite {

/// Threads with a reading connection each. A question sees what was committed before it is taken up, since every one is
/// a read transaction of its own.
class Readers {
public:
    /// Connections to a file that nobody has open, until somebody does: then `reopen` gives one beside them.
    struct Quiet {
        QuietFile file;
        std::function<Result<Database>()> reopen;
    };

    Readers(std::vector<Database> databases, std::size_t queue_max, std::optional<Quiet> quiet = {});

    /// Finishes what is waiting.
    ~Readers();

    void submit(Job& job);

private:
    struct Seat {
        std::unique_ptr<Session> session;
        bool quiet = false;  // its connection is the first one, to a quiet file
    };
    void work(Seat& seat);
    void answer(Seat& seat, Job& job) const;
    [[nodiscard]] Result<void> share(Seat& seat) const;

    const std::size_t queue_max_;
    const std::optional<Quiet> quiet_;
    std::mutex mutex_;
    std::condition_variable wake_;
    JobList waiting_;
    std::size_t asleep_ = 0;
    bool stopping_ = false;
    std::vector<std::unique_ptr<Seat>> seats_;
    std::vector<std::thread> threads_;
};

}  // namespace tollgate::sqlite
