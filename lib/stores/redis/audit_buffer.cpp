#include "stores/redis/audit_buffer.hpp"

#include <functional>
#include <utility>

#include "stores/redis/keys.hpp"

namespace tollgate::redis {

bool AuditBuffer::append(AuditRecord record) {
    const std::lock_guard hold(mutex_);
    if (held_ >= max_) {
        ++lost_;
        lost_at_ = record.at;
        return false;
    }
    ++held_;
    waiting_.push_back(std::move(record));
    return !std::exchange(sender_called_, true);
}

void AuditBuffer::collect(int partition) {
    std::vector<AuditRecord> records;
    {
        const std::lock_guard hold(mutex_);
        std::swap(records, waiting_);
        if (lost_ > 0) {
            records.push_back({.at = lost_at_,
                               .who = "tollgate",
                               .what = "audit.lost",
                               .outcome = std::to_string(std::exchange(lost_, 0)),
                               .origin = "",
                               .charge_id = "",
                               .request_id = ""});
            ++held_;
        }
    }
    for (const AuditRecord& record : records) add(partition, record);
}

void AuditBuffer::add(int partition, const AuditRecord& record) {
    Chain& chain = chains_[static_cast<std::size_t>(partition)];
    if (chain.list.empty()) chain.list = Keys(partition).chains();
    chain.head = hasher_.next(chain.head, ++chain.last, record);
    Kept kept;
    kept.day_and_chain = day_name(record.at) + ":" + name_;
    kept.key = Keys(partition).chain(kept.day_and_chain);
    kept.number = std::to_string(chain.last);
    kept.bytes = bytes_of(chain.head);
    encode(kept.bytes, record);
    if (!record.charge_id.empty() && partition_of_charge(record.charge_id) != partition) {
        kept.charge = std::hash<std::string>()(record.charge_id);
        strayed_.emplace(*kept.charge, partition);
    }
    chain.kept.push_back(std::move(kept));
    ++chain.here;
}

AuditBuffer::Batch AuditBuffer::take(int partition, std::vector<std::string_view>& keys,
                                     std::vector<std::string_view>& arguments) {
    collect(partition);
    Batch batch;
    Chain& chain = chains_[static_cast<std::size_t>(partition)];
    if (chain.here == 0) return batch;
    batch.buffer_ = shared_from_this();
    batch.chain_ = partition;
    batch.number_ = ++batches_;
    keys.push_back(chain.list);
    // The newest are here; an older one is only when its journey failed.
    auto first = chain.kept.end();
    for (std::size_t left = chain.here; left > 0;) left -= (--first)->batch == 0 ? 1 : 0;
    for (; first != chain.kept.end(); ++first) {
        if (first->batch != 0) continue;
        first->batch = batch.number_;
        if (keys.back() != first->key) keys.push_back(first->key);
        arguments.insert(arguments.end(), {first->day_and_chain, first->number, first->bytes});
    }
    chain.here = 0;
    return batch;
}

void AuditBuffer::Batch::settle(bool arrived) {
    if (const auto buffer = std::exchange(buffer_, nullptr)) buffer->settle(chain_, number_, arrived);
}

void AuditBuffer::settle(int partition, std::int64_t batch, bool arrived) {
    Chain& chain = chains_[static_cast<std::size_t>(partition)];
    for (Kept& kept : chain.kept) {
        if (kept.batch != batch) continue;
        kept.arrived = arrived;
        if (arrived) {
            if (kept.charge) came_home(*kept.charge, partition);
        } else {
            kept.batch = 0;
            ++chain.here;
        }
    }
    std::size_t gone = 0;
    for (; !chain.kept.empty() && chain.kept.front().arrived; ++gone) chain.kept.pop_front();
    if (gone == 0) return;
    const std::lock_guard hold(mutex_);
    held_ -= gone;
}

void AuditBuffer::came_home(std::size_t charge, int partition) {
    const auto [from, to] = strayed_.equal_range(charge);
    for (auto at = from; at != to; ++at) {
        if (at->second != partition) continue;
        strayed_.erase(at);
        return;
    }
}

std::optional<int> AuditBuffer::strayed(std::string_view charge_id, int own) const {
    if (strayed_.empty()) return std::nullopt;
    const auto [from, to] = strayed_.equal_range(std::hash<std::string_view>()(charge_id));
    for (auto at = from; at != to; ++at) {
        if (at->second != own) return at->second;
    }
    return std::nullopt;
}

std::vector<int> AuditBuffer::to_send(int home) {
    collect(home);
    std::vector<int> found;
    for (int i = 0; i < partitions; ++i) {
        if (chains_[static_cast<std::size_t>(i)].here > 0) found.push_back(i);
    }
    return found;
}

void AuditBuffer::all_came_back() {
    for (Chain& chain : chains_) {
        for (Kept& kept : chain.kept) {
            if (kept.batch == 0 || kept.arrived) continue;
            kept.batch = 0;
            ++chain.here;
        }
    }
}

bool AuditBuffer::done_waiting() {
    const std::lock_guard hold(mutex_);
    bool done = waiting_.empty() && lost_ == 0;
    for (const Chain& chain : chains_) done = done && chain.kept.empty();
    if (done) sender_called_ = false;
    return done;
}

}  // namespace tollgate::redis
