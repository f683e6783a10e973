#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stores/audit_hasher.hpp"
#include "stores/placement.hpp"
#include "stores/ports.hpp"

namespace tollgate::redis {

/// Audit records of one loop on their way into Redis.
///
/// They travel with whatever is written next, in whichever partition that is, and join that partition's chain: one for each
/// loop of each start of a process and each partition. A chain takes one connection, in order, so that a process that is
/// killed leaves no gap in it, and it lies in one place, so that it can be checked there. Its name is never used again.
class AuditBuffer : public std::enable_shared_from_this<AuditBuffer> {
public:
    /// `name` is this loop's of this start; `max` records may wait or be under way; `key` is of the chains.
    AuditBuffer(std::string name, std::size_t max, std::string_view key) : name_(std::move(name)), max_(max), hasher_(key) {}

    /// From any thread. True when somebody has to see to it that it leaves though nothing else is written: `done_waiting`
    /// tells when that is over.
    bool append(AuditRecord record);

    // On the loop's thread only:

    /// Records on their way. Goes back to the buffer unless it was told that they arrived.
    class Batch {
    public:
        Batch() = default;
        Batch(Batch&& other) noexcept : buffer_(std::move(other.buffer_)), chain_(other.chain_), number_(other.number_) {}
        Batch& operator=(Batch&&) = delete;
        ~Batch() { settle(false); }
        void arrived() { settle(true); }

    private:
        friend class AuditBuffer;
        void settle(bool arrived);

        std::shared_ptr<AuditBuffer> buffer_;  // none: empty or settled
        int chain_ = 0;
        std::int64_t number_ = 0;
    };

    /// Takes what waits and adds it to the keys and arguments of a script in this partition; they stay valid until the loop
    /// goes on with something else.
    [[nodiscard]] Batch take(int partition, std::vector<std::string_view>& keys, std::vector<std::string_view>& arguments);

    /// The partition in whose chain a record of this charge is under way, when it is not the charge's own: whoever writes
    /// the charge's next step makes sure of that one first.
    [[nodiscard]] std::optional<int> strayed(std::string_view charge_id, int own) const;

    /// Partitions whose chains have something that should leave; what waits for a partition comes along with `home`.
    [[nodiscard]] std::vector<int> to_send(int home);

    /// What is under way will not be heard of any more: it is here again.
    void all_came_back();

    /// Whether all has arrived; `append` then asks for a sender again.
    [[nodiscard]] bool done_waiting();

private:
    struct Kept {
        std::string day_and_chain;
        std::string key;
        std::string number;
        std::string bytes;                  // hash, record
        std::optional<std::size_t> charge;  // of another partition
        std::int64_t batch = 0;             // 0: here
        bool arrived = false;
    };
    struct Chain {
        std::int64_t last = 0;
        AuditHash head{};
        std::string list;       // the key of all chains there
        std::deque<Kept> kept;  // not known to have arrived
        std::size_t here = 0;   // how many of them are not under way
    };

    void collect(int partition);
    void add(int partition, const AuditRecord& record);
    void settle(int partition, std::int64_t batch, bool arrived);
    void came_home(std::size_t charge, int partition);

    const std::string name_;
    const std::size_t max_;

    std::mutex mutex_;
    std::vector<AuditRecord> waiting_;
    std::size_t held_ = 0;  // waiting and in chains
    std::size_t lost_ = 0;
    WallTime lost_at_{};
    bool sender_called_ = false;

    AuditHasher hasher_;
    std::array<Chain, partitions> chains_;
    std::unordered_multimap<std::size_t, int> strayed_;  // charge → partition
    std::int64_t batches_ = 0;
};

}  // namespace tollgate::redis
