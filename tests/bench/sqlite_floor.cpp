// The floor under the embedded store: group commits of SQLite and nothing else. So many callers at a time each wait for
// one inserted row, of the size and with the indexes of a charge, through one writer thread; a caller asks again as soon
// as its row is committed. Prints commits (rows made durable) a second.
//
// Usage: sqlite_floor [FOLDER] [SECONDS] [WAITING] [BYTES]; a folder on the disk to be measured, by default the current one;
// how many callers, by default 1, 16, 64 and 256 in turn; how large a row is beside its ids, by default 700 bytes as of a
// charge.

#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;

void must(int code, sqlite3* database) {
    if (code == SQLITE_OK || code == SQLITE_DONE) return;
    std::fprintf(stderr, "sqlite_floor: %s\n", sqlite3_errmsg(database));
    std::exit(1);
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/// One writer thread that drains what waits into a transaction, and one thread that stands for all callers.
class Floor {
public:
    Floor(const std::string& path, std::size_t callers, std::size_t bytes) : callers_(callers), payload_(bytes, 's') {
        must(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                             nullptr),
             database_);
        must(sqlite3_exec(database_,
                          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;"
                          "CREATE TABLE charges (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL,"
                          " order_id TEXT NOT NULL, amount INTEGER NOT NULL, state BLOB NOT NULL) STRICT;",
                          nullptr, nullptr, nullptr),
             database_);
        must(sqlite3_prepare_v2(database_,
                                "INSERT INTO charges (id, tenant, order_id, amount, state) VALUES (?1, 'shop', ?2, 4999, ?3)",
                                -1, &insert_, nullptr),
             database_);
    }

    ~Floor() {
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }

    Floor(const Floor&) = delete;
    Floor& operator=(const Floor&) = delete;

    /// Rows made durable within that time.
    std::uint64_t run(std::chrono::milliseconds time) {
        std::thread writer([this] { write(); });
        const SteadyClock::time_point end = SteadyClock::now() + time;
        std::size_t ready = callers_;
        while (SteadyClock::now() < end) {
            std::unique_lock hold(mutex_);
            asked_ += ready;
            hold.unlock();
            wake_.notify_all();
            hold.lock();
            wake_.wait(hold, [this] { return answered_ > 0; });
            ready = std::exchange(answered_, 0);
        }
        const std::lock_guard hold(mutex_);
        const std::uint64_t done = rows_;
        stopping_ = true;
        wake_.notify_all();
        joined_ = std::move(writer);
        return done;
    }

    void join() { joined_.join(); }

private:
    void write() {
        std::unique_lock hold(mutex_);
        for (;;) {
            wake_.wait(hold, [this] { return stopping_ || asked_ > 0; });
            if (stopping_) return;
            const std::size_t batch = std::min<std::size_t>(std::exchange(asked_, 0), 256);
            hold.unlock();
            must(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), database_);
            for (std::size_t i = 0; i < batch; ++i) insert();
            must(sqlite3_exec(database_, "COMMIT", nullptr, nullptr, nullptr), database_);
            hold.lock();
            rows_ += batch;
            answered_ += batch;
            wake_.notify_all();
        }
    }

    void insert() {
        // As random as a derived id, so that its index is touched all over.
        std::uint64_t mixed = ++serial_ * 0x9e3779b97f4a7c15ULL;
        mixed ^= mixed >> 29;
        mixed *= 0xbf58476d1ce4e5b9ULL;
        mixed ^= mixed >> 32;
        const std::string id = "ch_" + std::to_string(mixed) + std::to_string(serial_);
        const std::string order = "ord_" + std::to_string(serial_);
        sqlite3_bind_text(insert_, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
        sqlite3_bind_text(insert_, 2, order.data(), static_cast<int>(order.size()), SQLITE_STATIC);
        sqlite3_bind_blob(insert_, 3, payload_.data(), static_cast<int>(payload_.size()), SQLITE_STATIC);
        must(sqlite3_step(insert_), database_);
        sqlite3_reset(insert_);
    }

    const std::size_t callers_;
    const std::string payload_;
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::uint64_t serial_ = 0;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::size_t asked_ = 0;
    std::size_t answered_ = 0;
    std::uint64_t rows_ = 0;
    bool stopping_ = false;
    std::thread joined_;
};

}  // namespace

int main(int count, char** words) {
    const std::filesystem::path folder = count > 1 ? words[1] : ".";
    const std::chrono::milliseconds time(count > 2 ? std::atol(words[2]) * 1000 : 3000);
    std::vector<std::size_t> waiting{1, 16, 64, 256};
    if (count > 3) waiting = {static_cast<std::size_t>(std::max(1L, std::atol(words[3])))};
    const std::size_t bytes = count > 4 ? static_cast<std::size_t>(std::max(1L, std::atol(words[4]))) : 700;
    for (const std::size_t callers : waiting) {
        const std::filesystem::path file = folder / ("sqlite_floor." + std::to_string(callers) + ".db");
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
        const double cpu_before = cpu_seconds();
        const SteadyClock::time_point began = SteadyClock::now();
        std::uint64_t rows = 0;
        {
            Floor floor(file.string(), callers, bytes);
            rows = floor.run(time);
            floor.join();
        }
        const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
        std::printf("sqlite_floor waiting=%zu commits_per_second=%.0f cpu_us_per_commit=%.2f\n", callers,
                    static_cast<double>(rows) / seconds, (cpu_seconds() - cpu_before) / static_cast<double>(rows) * 1e6);
        std::fflush(stdout);
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
    }
    return 0;
}
